/** The head of a page: its name, one sentence, and its primary action on the right. */
import { Text, Title } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { frame } from "@/words/frame";
import classes from "./PageHead.module.css";

interface PageHeadProps {
  title: string;
  text?: ReactNode;
  /** The primary action; secondary ones to its left. */
  children?: ReactNode;
}

export function PageHead({ title, text, children }: PageHeadProps) {
  const { project } = useParams({ strict: false });
  return (
    <div className={classes.head}>
      <title>{[title, project, frame.product].filter(Boolean).join(" · ")}</title>
      <div className={classes.words}>
        <Title order={1}>{title}</Title>
        {text ? (
          <Text c="dimmed" maw="72ch" mt={2}>
            {text}
          </Text>
        ) : null}
      </div>
      {children ? <div className={classes.actions}>{children}</div> : null}
    </div>
  );
}
