export default function LinePage() {
  return null;
}
