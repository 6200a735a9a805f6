/** One's own account: password, where one is signed in, tokens. */
import { Button, PasswordInput, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem, del, get, put } from "@/api/client";
import type { PasswordChange, SignedIn } from "@/api/types";
import { useAccount } from "@/app/here";
import { Tokens } from "@/features/people/Tokens";
import { DataTable } from "@/ui/DataTable";
import { whenText } from "@/ui/figures";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { ProblemNote } from "@/ui/ProblemNote";
import { Sure } from "@/ui/Sure";
import { toast } from "@/ui/toast";
import { account as words } from "@/words/account";
import classes from "./PeoplePage.module.css";

const SESSIONS = ["sessions"];
const LEAST_LETTERS = 10;
const EMPTY = { old: "", fresh: "", again: "" };

export default function AccountPage() {
  const { person } = useAccount().session;
  return (
    <main id="page" tabIndex={-1} className={classes.scroll}>
      <Page>
        <PageHead
          title={words.title}
          text={words.text(person?.name ?? "", person?.email ?? "")}
        />
        <Title order={2} fz="lg" mb="sm">
          {words.password}
        </Title>
        <PasswordForm />
        <Sessions />
        <Title order={2} fz="lg" mt={38}>
          {words.tokens}
        </Title>
        <Text c="dimmed" mb="md">
          {words.tokensText}
        </Text>
        <Tokens own />
      </Page>
    </main>
  );
}

function PasswordForm() {
  const client = useQueryClient();
  const [form, setForm] = useState(EMPTY);
  const change = useMutation({
    mutationFn: (given: PasswordChange) => put("api/session/password", given),
    meta: { quiet: true },
    onSuccess: () => {
      setForm(EMPTY);
      toast({ text: words.changed });
      void client.invalidateQueries({ queryKey: SESSIONS });
    },
  });
  const differs = form.again !== "" && form.again !== form.fresh;
  const ready =
    form.old !== "" && form.fresh.length >= LEAST_LETTERS && form.again === form.fresh;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) change.mutate({ old: form.old, new: form.fresh });
  };
  const field = (name: keyof typeof EMPTY, label: string, autoComplete: string) => ({
    label,
    autoComplete,
    required: true,
    value: form[name],
    onChange: (e: { currentTarget: { value: string } }) =>
      setForm({ ...form, [name]: e.currentTarget.value }),
  });
  return (
    <form className={classes.password} onSubmit={submit}>
      <PasswordInput {...field("old", words.old, "current-password")} />
      <PasswordInput
        {...field("fresh", words.fresh, "new-password")}
        description={words.freshHint}
        minLength={LEAST_LETTERS}
      />
      <PasswordInput
        {...field("again", words.repeat, "new-password")}
        error={differs ? words.differs : undefined}
      />
      {change.isError ? <ProblemNote problem={asProblem(change.error)} /> : null}
      <div>
        <Button type="submit" loading={change.isPending} disabled={!ready}>
          {words.change}
        </Button>
      </div>
    </form>
  );
}

function Sessions() {
  const client = useQueryClient();
  const sessions = useQuery({
    queryKey: SESSIONS,
    queryFn: ({ signal }) => get<SignedIn[]>("api/sessions", undefined, signal),
  });
  const end = useMutation({
    mutationFn: () => del("api/sessions"),
    onSuccess: () => toast({ text: words.ended }),
    onSettled: () => client.invalidateQueries({ queryKey: SESSIONS }),
  });
  const others = sessions.data?.filter((s) => !s.own).length ?? 0;
  return (
    <section className={classes.sessions}>
      <div className={classes.sessionsHead}>
        <div>
          <Title order={2} fz="lg">
            {words.sessions}
          </Title>
          {sessions.data ? <Text c="dimmed">{words.sessionsText(others)}</Text> : null}
        </div>
        {others > 0 ? (
          <Sure sentence={words.endSure} loading={end.isPending} onSure={() => end.mutate()}>
            {words.end}
          </Sure>
        ) : null}
      </div>
      {sessions.isError ? <ProblemNote problem={asProblem(sessions.error)} /> : null}
      <DataTable
        heads={["", words.since, words.used]}
        rows={sessions.data?.map((s) => (
          <Table.Tr key={`${s.created} ${s.own}`}>
            <Table.Td>
              {s.browser || words.unknownBrowser}
              {s.own ? <strong>{`, ${words.here}`}</strong> : null}
            </Table.Td>
            <Table.Td>{whenText(s.created)}</Table.Td>
            <Table.Td>{whenText(s.used)}</Table.Td>
          </Table.Tr>
        ))}
      />
    </section>
  );
}
