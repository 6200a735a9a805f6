import { Badge, Group, Select, Table, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { asProblem, del, get, patch } from "@/api/client";
import { may, organisationPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Member, Role, RoleChange } from "@/api/types";
import { useAccount } from "@/app/here";
import { ProjectRoles } from "@/features/people/ProjectRoles";
import { DataTable } from "@/ui/DataTable";
import { dayText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { Sure } from "@/ui/Sure";
import { toast } from "@/ui/toast";
import { roles } from "@/words/frame";
import { people, roleHints } from "@/words/people";

const ROLES: readonly Role[] = ["owner", "admin", "operator", "labeler", "viewer"];

export function Members() {
  const { membership } = useAccount();
  const { organisation } = membership;
  const members = useQuery({
    queryKey: keys.members(organisation),
    queryFn: ({ signal }) =>
      get<Member[]>(organisationPath(organisation, "/members"), undefined, signal),
  });
  if (members.isError) return <ProblemNote problem={asProblem(members.error)} />;
  return (
    <DataTable
      heads={[people.name, people.role, people.inProjects, people.since, ""]}
      rows={members.data?.map((m) => <MemberRow key={m.person.id} member={m} />)}
    />
  );
}

function MemberRow({ member }: { member: Member }) {
  const { session, membership } = useAccount();
  const { organisation, role: own } = membership;
  const client = useQueryClient();
  const path = organisationPath(organisation, `/members/${member.person.id}`);
  const asked = () => client.invalidateQueries({ queryKey: keys.members(organisation) });
  const change = useMutation({
    mutationFn: (wanted: RoleChange) => patch<Member>(path, wanted),
    onSuccess: (m, { project, role }) => toast({ text: told(m, role, project ?? null) }),
    onSettled: asked,
  });
  const remove = useMutation({
    mutationFn: () => del(path),
    onSuccess: () => toast({ text: people.removed(member.person.name) }),
    onSettled: asked,
  });
  const self = member.person.id === session.person?.id;
  const changeable = !self && may(own, "admin") && may(own, member.role);
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={8}>
          <Text fw={550}>{member.person.name}</Text>
          {self ? (
            <Badge variant="light" tt="none" fw={500}>
              {people.you}
            </Badge>
          ) : null}
        </Group>
        <Text fz="sm" c="dimmed">
          {member.person.email}
        </Text>
      </Table.Td>
      <Table.Td>
        {changeable ? (
          <Select
            w={150}
            aria-label={`${people.role}: ${member.person.name}`}
            value={member.role}
            data={ROLES.filter((r) => may(own, r)).map((r) => ({ value: r, label: roles[r] }))}
            onChange={(role) => role && change.mutate({ role: role as Role })}
          />
        ) : (
          <Text title={roleHints[member.role]}>{roles[member.role]}</Text>
        )}
      </Table.Td>
      <Table.Td>
        <ProjectRoles member={member} onChange={changeable ? change.mutate : undefined} />
      </Table.Td>
      <Table.Td>{dayText(member.since)}</Table.Td>
      <Table.Td ta="right">
        {changeable ? (
          <Sure
            size="compact-sm"
            sentence={people.removeSure(member.person.name)}
            onSure={() => remove.mutate()}
          >
            {people.remove}
          </Sure>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}

function told(member: Member, role: Role, project: string | null): string {
  const { name } = member.person;
  if (project === null) return people.roleChanged(name, roles[role]);
  return people.roleChangedIn(name, roles[role], project);
}
