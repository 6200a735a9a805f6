/** What can be decided about a finding, with its keys. */

import { Button, Text } from "@mantine/core";
import type { Finding } from "@/api/types";
import { whenText } from "@/ui/figures";
import { Key } from "@/ui/Key";
import { findings as words } from "@/words/findings";
import classes from "./Decisions.module.css";

interface DecisionsProps {
  finding: Finding;
  off: boolean;
  correct: () => void;
  keep: () => void;
  edit: () => void;
  skip: () => void;
  undo: () => void;
  takeBack: () => void;
}

export function Decisions(props: DecisionsProps) {
  const { finding, off, correct, keep, edit, skip, undo } = props;
  if (finding.state !== "open") return <Closed {...props} />;
  return (
    <div className={classes.decisions}>
      {off ? <Text fz="sm">{words.viewer}</Text> : null}
      <Button
        size="md"
        className={classes.first}
        justify="space-between"
        disabled={off}
        rightSection={<Key>C</Key>}
        onClick={correct}
      >
        {finding.suggestion === null ? words.decide.accept : words.decide.correct}
      </Button>
      <Button
        size="md"
        variant="default"
        className={classes.first}
        justify="space-between"
        disabled={off}
        rightSection={<Key>K</Key>}
        onClick={keep}
      >
        {words.decide.keep}
      </Button>
      <div className={classes.others}>
        <Button variant="default" disabled={off} rightSection={<Key>E</Key>} onClick={edit}>
          {words.decide.edit}
        </Button>
        <Button variant="default" rightSection={<Key>S</Key>} onClick={skip}>
          {words.decide.skip}
        </Button>
        <Button variant="default" disabled={off} rightSection={<Key>U</Key>} onClick={undo}>
          {words.decide.undo}
        </Button>
      </div>
    </div>
  );
}

/** A finding that was decided already: by whom, and how to take that back. */
function Closed({ finding, off, skip, takeBack }: DecisionsProps) {
  return (
    <div className={classes.decisions}>
      <Text fw={600}>
        {words.closed.by(words.closed.states[finding.state], finding.by ?? "")}
        {finding.at ? `, ${whenText(finding.at)}` : ""}
      </Text>
      {finding.note ? <Text fz="sm">{finding.note}</Text> : null}
      <div className={classes.others}>
        <Button variant="default" disabled={off} onClick={takeBack}>
          {words.closed.takeBack}
        </Button>
        <Button variant="default" rightSection={<Key>S</Key>} onClick={skip}>
          {words.decide.next}
        </Button>
      </div>
    </div>
  );
}
