export default function NextPage() {
  return null;
}
