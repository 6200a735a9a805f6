export default function AnnotatePage() {
  return null;
}
