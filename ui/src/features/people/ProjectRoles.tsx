/** Where a member's role in a project differs from the general one, and changing that. */
import { Button, CloseButton, Popover, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { may } from "@/api/here";
import { projectsQuery } from "@/api/queries";
import type { Member, Role, RoleChange } from "@/api/types";
import { useAccount } from "@/app/here";
import { roles } from "@/words/frame";
import { people as words } from "@/words/people";
import classes from "./PeoplePage.module.css";

const ROLES: readonly Role[] = ["owner", "admin", "operator", "labeler", "viewer"];

interface ProjectRolesProps {
  member: Member;
  /** Undefined where the person may not change it. */
  onChange: ((change: RoleChange) => void) | undefined;
}

export function ProjectRoles({ member, onChange }: ProjectRolesProps) {
  return (
    <div className={classes.roles}>
      {Object.entries(member.projects).map(([project, role]) => (
        <span key={project} className={classes.role}>
          {words.roleIn(project, roles[role].toLowerCase())}
          {onChange ? (
            <CloseButton
              size="sm"
              aria-label={words.roleAsElsewhere(member.person.name, project)}
              title={words.roleAsElsewhere(member.person.name, project)}
              // The general role in a project is no other role.
              onClick={() => onChange({ role: member.role, project })}
            />
          ) : (
            <span style={{ width: 7 }} />
          )}
        </span>
      ))}
      {onChange ? <AddRole member={member} onChange={onChange} /> : null}
    </div>
  );
}

function AddRole({ member, onChange }: { member: Member; onChange: (c: RoleChange) => void }) {
  const { organisation, role: own } = useAccount().membership;
  const projects = useQuery(projectsQuery(organisation)).data ?? [];
  const [open, setOpen] = useState(false);
  const [project, setProject] = useState<string | null>(null);
  const [role, setRole] = useState<Role>(member.role === "labeler" ? "admin" : "labeler");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (project === null) return;
    setOpen(false);
    setProject(null);
    onChange({ role, project });
  };
  if (projects.length === 0) return null;
  return (
    <Popover opened={open} onChange={setOpen} width={300} position="bottom-start" trapFocus>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="subtle"
          aria-label={`${words.addProject}: ${member.person.name}`}
          onClick={() => setOpen(!open)}
        >
          {words.addProject}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit}>
          <Select
            label={words.project}
            data={projects.map((p) => p.name)}
            value={project}
            onChange={setProject}
            comboboxProps={{ withinPortal: false }}
          />
          <Select
            mt="sm"
            label={words.role}
            data={ROLES.filter((r) => may(own, r)).map((r) => ({ value: r, label: roles[r] }))}
            value={role}
            onChange={(chosen) => chosen && setRole(chosen as Role)}
            comboboxProps={{ withinPortal: false }}
          />
          <Button type="submit" mt="md" fullWidth disabled={project === null}>
            {words.set}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
