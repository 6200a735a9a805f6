import { Button, NumberInput, Select, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem, del, get, post } from "@/api/client";
import { organisationPath } from "@/api/here";
import { keys } from "@/api/keys";
import { projectsQuery } from "@/api/queries";
import type { NewToken, Scope, Token } from "@/api/types";
import { useAccount } from "@/app/here";
import { CopyButton } from "@/ui/CopyButton";
import { DataTable } from "@/ui/DataTable";
import { dayText, whenText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { Sure } from "@/ui/Sure";
import { toast } from "@/ui/toast";
import { people, scopes } from "@/words/people";
import classes from "./PeoplePage.module.css";

const SCOPES: readonly Scope[] = ["read", "label", "operate", "manage"];
const ALL = "";

/** One's own tokens; without `own` also those of others, for who looks after people. */
export function Tokens({ own = false }: { own?: boolean }) {
  const { membership, session } = useAccount();
  const { organisation } = membership;
  const name = session.person?.name;
  const client = useQueryClient();
  const path = organisationPath(organisation, "/tokens");
  const tokens = useQuery({
    queryKey: keys.tokens(organisation),
    queryFn: ({ signal }) => get<Token[]>(path, undefined, signal),
  });
  const revoke = useMutation({
    mutationFn: (token: Token) => del(`${path}/${token.id}`),
    onSuccess: (_, token) => toast({ text: people.revoked(token.name) }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.tokens(organisation) }),
  });
  if (tokens.isError) return <ProblemNote problem={asProblem(tokens.error)} />;
  return (
    <>
      <TokenForm path={path} />
      <DataTable
        heads={[
          people.tokenName,
          ...(own ? [] : [people.tokenOf]),
          people.scope,
          people.project,
          people.lastUsed,
          people.expires,
          "",
        ]}
        empty={people.noTokens}
        rows={tokens.data
          ?.filter((t) => !own || t.person === name)
          .map((token) => (
            <Table.Tr key={token.id}>
              <Table.Td fw={550}>{token.name}</Table.Td>
              {own ? null : <Table.Td>{token.person}</Table.Td>}
              <Table.Td>{scopes[token.scope]}</Table.Td>
              <Table.Td>{token.project ?? people.everywhere}</Table.Td>
              <Table.Td>{token.last_used ? whenText(token.last_used) : people.never}</Table.Td>
              <Table.Td>{dayText(token.expires)}</Table.Td>
              <Table.Td ta="right">
                <Sure
                  size="compact-sm"
                  sentence={people.revokeSure(token.name)}
                  onSure={() => revoke.mutate(token)}
                >
                  {people.revoke}
                </Sure>
              </Table.Td>
            </Table.Tr>
          ))}
      />
    </>
  );
}

function TokenForm({ path }: { path: string }) {
  const { organisation } = useAccount().membership;
  const client = useQueryClient();
  const projects = useQuery(projectsQuery(organisation)).data ?? [];
  const [form, setForm] = useState<Required<NewToken>>({
    name: "",
    scope: "read",
    project: null,
    days: 365,
  });
  const make = useMutation({
    mutationFn: (given: NewToken) => post<Token>(path, given),
    meta: { quiet: true },
    onSuccess: () => setForm({ ...form, name: "" }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.tokens(organisation) }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(form);
  };
  return (
    <>
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label={people.tokenName}
          placeholder={people.tokenNameHint}
          required
          w={280}
          value={form.name}
          onChange={(e) => setForm({ ...form, name: e.currentTarget.value })}
        />
        <Select
          label={people.scope}
          w={190}
          value={form.scope}
          data={SCOPES.map((s) => ({ value: s, label: scopes[s] }))}
          onChange={(scope) => scope && setForm({ ...form, scope: scope as Scope })}
        />
        <Select
          label={people.project}
          w={190}
          value={form.project ?? ALL}
          data={[
            { value: ALL, label: people.everywhere },
            ...projects.map((p) => ({ value: p.name, label: p.name })),
          ]}
          onChange={(project) => setForm({ ...form, project: project || null })}
        />
        <NumberInput
          label={people.days}
          w={150}
          min={1}
          max={3650}
          value={form.days}
          onChange={(days) => setForm({ ...form, days: Number(days) || 1 })}
        />
        <Button type="submit" loading={make.isPending}>
          {people.tokenDo}
        </Button>
      </form>
      {make.isError ? <ProblemNote problem={asProblem(make.error)} /> : null}
      {make.data?.secret ? (
        <>
          <Text mb={6}>{people.tokenDone}</Text>
          <div className={classes.secret} style={{ marginBottom: 24 }}>
            <code>{make.data.secret}</code>
            <CopyButton text={make.data.secret} />
          </div>
        </>
      ) : null}
    </>
  );
}
