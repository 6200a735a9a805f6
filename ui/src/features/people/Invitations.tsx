import { Button, Select, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem, del, get, post } from "@/api/client";
import { may, organisationPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Invitation, Invite, Role } from "@/api/types";
import { useAccount } from "@/app/here";
import { CopyButton } from "@/ui/CopyButton";
import { DataTable } from "@/ui/DataTable";
import { dayText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { toast } from "@/ui/toast";
import { roles } from "@/words/frame";
import { people, roleHints } from "@/words/people";
import classes from "./PeoplePage.module.css";

const ROLES: readonly Role[] = ["viewer", "labeler", "operator", "admin", "owner"];

export function Invitations() {
  const { organisation } = useAccount().membership;
  const client = useQueryClient();
  const path = organisationPath(organisation, "/invitations");
  const open = useQuery({
    queryKey: keys.invitations(organisation),
    queryFn: ({ signal }) => get<Invitation[]>(path, undefined, signal),
  });
  const takeBack = useMutation({
    mutationFn: (invitation: Invitation) => del(`${path}/${invitation.id}`),
    onSuccess: (_, invitation) => toast({ text: people.takenBack(invitation.email) }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.invitations(organisation) }),
  });
  if (open.isError) return <ProblemNote problem={asProblem(open.error)} />;
  return (
    <>
      <InviteForm path={path} />
      <DataTable
        heads={[people.email, people.role, people.invitedBy, people.expires, ""]}
        empty={people.noInvitations}
        rows={open.data?.map((invitation) => (
          <Table.Tr key={invitation.id}>
            <Table.Td>{invitation.email}</Table.Td>
            <Table.Td>{roles[invitation.role]}</Table.Td>
            <Table.Td>{invitation.invited_by}</Table.Td>
            <Table.Td>{dayText(invitation.expires)}</Table.Td>
            <Table.Td ta="right">
              <Button
                size="compact-sm"
                variant="default"
                disabled={takeBack.isPending}
                onClick={() => takeBack.mutate(invitation)}
              >
                {people.takeBack}
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      />
    </>
  );
}

function InviteForm({ path }: { path: string }) {
  const { organisation, role: own } = useAccount().membership;
  const client = useQueryClient();
  const [form, setForm] = useState<Invite>({ email: "", role: "labeler" });
  const invite = useMutation({
    mutationFn: (given: Invite) => post<Invitation>(path, given),
    meta: { quiet: true },
    onSuccess: () => setForm({ ...form, email: "" }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.invitations(organisation) }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate(form);
  };
  return (
    <>
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label={people.email}
          type="email"
          required
          w={280}
          value={form.email}
          onChange={(e) => setForm({ ...form, email: e.currentTarget.value })}
        />
        <Select
          label={people.role}
          w={330}
          value={form.role}
          data={ROLES.filter((r) => may(own, r)).map((r) => ({
            value: r,
            label: `${roles[r]}: ${roleHints[r]}`,
          }))}
          onChange={(role) => role && setForm({ ...form, role: role as Role })}
        />
        <Button type="submit" loading={invite.isPending}>
          {people.inviteDo}
        </Button>
      </form>
      {invite.isError ? <ProblemNote problem={asProblem(invite.error)} /> : null}
      {invite.data?.link ? (
        <>
          <Text mb={6}>{people.inviteDone}</Text>
          <div className={classes.secret}>
            <code>{invite.data.link}</code>
            <CopyButton text={invite.data.link} />
          </div>
        </>
      ) : null}
    </>
  );
}
