/** Making a device known: its name, then the code that it uses once. */
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem, post } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { DeviceCode, NewDevice as Given } from "@/api/types";
import { useHere } from "@/app/here";
import { ProblemNote } from "@/ui/ProblemNote";
import { devices as words } from "@/words/devices";
import { frame } from "@/words/frame";
import classes from "./DevicesPage.module.css";

interface NewDeviceProps {
  onMade: (made: DeviceCode) => void;
  onCancel: () => void;
}

export function NewDevice({ onMade, onCancel }: NewDeviceProps) {
  const here = useHere();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: (given: Given) => post<DeviceCode>(projectPath(here, "/devices"), given),
    meta: { quiet: true },
    onSuccess: onMade,
    onSettled: () => client.invalidateQueries({ queryKey: keys.project(here) }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate({ name: name.trim() });
  };
  return (
    <section className={classes.code} aria-label={words.addTitle}>
      <h2 className={classes.codeTitle}>{words.addTitle}</h2>
      <form className={classes.form} style={{ margin: "10px 0 0" }} onSubmit={submit}>
        <TextInput
          label={words.name}
          description={words.nameHint}
          maxLength={64}
          required
          data-autofocus
          autoFocus
          w={360}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        <Button type="submit" loading={make.isPending} disabled={name.trim() === ""}>
          {words.addDo}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {frame.cancel}
        </Button>
      </form>
      {make.isError ? <ProblemNote problem={asProblem(make.error)} /> : null}
    </section>
  );
}
