/** Where am I, what is running, who am I. */
import { Menu, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { projectsQuery } from "@/api/queries";
import { useAccount } from "@/app/here";
import { JobsMenu } from "@/app/JobsMenu";
import { PersonMenu } from "@/app/PersonMenu";
import { openPalette } from "@/app/palette";
import { CheckIcon, DownIcon, SearchIcon } from "@/ui/icons";
import { Key } from "@/ui/Key";
import { frame } from "@/words/frame";
import classes from "./TopBar.module.css";

export function TopBar() {
  return (
    <header className={classes.bar}>
      <Link
        to="/"
        className={classes.mark}
        aria-label={`${frame.product}: ${frame.allProjects}`}
      >
        <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="var(--mantine-primary-color-filled)" />
          <circle cx="16" cy="16" r="8.5" fill="none" stroke="#fff" strokeWidth="2.6" />
          <circle cx="18.6" cy="13.8" r="2.9" fill="#fff" />
        </svg>
      </Link>
      <nav className={classes.place} aria-label={frame.organisation}>
        <Organisations />
        <span className={classes.slash} aria-hidden="true">
          /
        </span>
        <Projects />
      </nav>
      <div className={classes.fill} />
      <UnstyledButton className={classes.search} onClick={openPalette}>
        <SearchIcon size={16} />
        <span className={classes.searchText}>{frame.search}</span>
        <Key>{frame.searchKey}</Key>
      </UnstyledButton>
      <JobsMenu />
      <PersonMenu />
    </header>
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
