/** A button for what cannot be undone: it says what will happen and asks once. */
import { Button, type ButtonProps, Popover, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";

interface SureProps extends ButtonProps {
  /** What happens then, in one sentence. */
  sentence: string;
  /** What the confirming button says; the same as the first by default. */
  again?: string;
  onSure: () => void;
  children: ReactNode;
}

export function Sure({ sentence, again, onSure, children, ...button }: SureProps) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} width={300} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" {...button} onClick={() => setOpen(!open)}>
          {children}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text fz="sm">{sentence}</Text>
        <Button
          mt="sm"
          fullWidth
          color="red.8"
          onClick={() => {
            setOpen(false);
            onSure();
          }}
        >
          {again ?? children}
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
