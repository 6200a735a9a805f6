/** A page or part with nothing in it yet: what it is for and what to do first. */
import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface EmptyProps {
  title: string;
  text?: ReactNode;
  picture?: ReactNode;
  /** 2 where it is a part of a page that has a heading of its own. */
  order?: 1 | 2;
  /** The one thing to do, as a button. */
  children?: ReactNode;
}

export function Empty({ title, text, picture, order = 1, children }: EmptyProps) {
  return (
    <Stack align="center" gap="sm" maw={440} mx="auto" mt="9vh" p="lg" ta="center">
      {picture}
      <Title order={order} fz="lg">
        {title}
      </Title>
      {text ? (
        <Text c="dimmed" lh={1.55}>
          {text}
        </Text>
      ) : null}
      {children}
    </Stack>
  );
}
