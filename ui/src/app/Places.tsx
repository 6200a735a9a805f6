/** Which organisation, which project: the two menus at the left of the bar. */
import { Menu, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { projectsQuery } from "@/api/queries";
import { useAccount } from "@/app/here";
import { CheckIcon, DownIcon } from "@/ui/icons";
import { frame } from "@/words/frame";
import classes from "./TopBar.module.css";

export default function Places() {
  return (
    <>
      <Organisations />
      <span className={classes.slash} aria-hidden="true">
        /
      </span>
      <Projects />
    </>
  );
}

function Organisations() {
  const { session, membership, enter } = useAccount();
  const navigate = useNavigate();
  if (session.memberships.length < 2) {
    return <span className={classes.fixed}>{membership.organisation}</span>;
  }
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={classes.pick}>
          {membership.organisation}
          <DownIcon size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {session.memberships.map((m) => (
          <Menu.Item
            key={m.organisation}
            rightSection={
              m.organisation === membership.organisation ? <CheckIcon size={14} /> : null
            }
            onClick={() => {
              enter(m.organisation);
              void navigate({ to: "/" });
            }}
          >
            {m.organisation}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Projects() {
  const { membership } = useAccount();
  const { project } = useParams({ strict: false });
  const navigate = useNavigate();
  const projects = useQuery(projectsQuery(membership.organisation)).data ?? [];
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={classes.pick} data-strong>
          <span className={classes.name}>{project ?? frame.projects}</span>
          <DownIcon size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: "auto" }}>
        {projects.map((p) => (
          <Menu.Item
            key={p.name}
            rightSection={p.name === project ? <CheckIcon size={14} /> : null}
            onClick={() =>
              void navigate({ to: "/p/$project/next", params: { project: p.name } })
            }
          >
            {p.name}
          </Menu.Item>
        ))}
        {projects.length > 0 ? <Menu.Divider /> : null}
        <Menu.Item onClick={() => void navigate({ to: "/" })}>{frame.allProjects}</Menu.Item>
        {project ? (
          <Menu.Item
            onClick={() => void navigate({ to: "/p/$project/settings", params: { project } })}
          >
            {frame.settings}
          </Menu.Item>
        ) : null}
      </Menu.Dropdown>
    </Menu>
  );
}
