/** Copies a text. */
import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { frame } from "@/words/frame";

export function CopyButton({ text, label = frame.copy }: { text: string; label?: string }) {
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <Button variant="default" onClick={() => clipboard.copy(text)}>
      {clipboard.copied ? frame.copied : label}
    </Button>
  );
}
