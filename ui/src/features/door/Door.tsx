/** The pages in front of the door: one card in the middle, nothing else. */
import { Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { frame } from "@/words/frame";
import classes from "./Door.module.css";

interface DoorProps {
  title: string;
  text?: ReactNode;
  children: ReactNode;
}

export function Door({ title, text, children }: DoorProps) {
  return (
    <main className={classes.door}>
      <title>{`${title} · ${frame.product}`}</title>
      <div className={classes.mark}>
        <svg width="34" height="34" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="var(--mantine-primary-color-filled)" />
          <circle cx="16" cy="16" r="8.5" fill="none" stroke="#fff" strokeWidth="2.6" />
          <circle cx="18.6" cy="13.8" r="2.9" fill="#fff" />
        </svg>
        <span>{frame.product}</span>
      </div>
      <div className={classes.card}>
        <Title order={1} fz="xl">
          {title}
        </Title>
        {text ? (
          <Text c="dimmed" mt={6}>
            {text}
          </Text>
        ) : null}
        {children}
      </div>
    </main>
  );
}
