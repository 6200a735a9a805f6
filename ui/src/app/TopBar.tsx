/** Where am I, what is running, who am I. The menus come a moment after the page. */
import { UnstyledButton } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useAccount } from "@/app/here";
import { openPalette } from "@/app/palette";
import { SearchIcon } from "@/ui/icons";
import { Key } from "@/ui/Key";
import { frame } from "@/words/frame";
import classes from "./TopBar.module.css";

const Places = lazy(() => import("@/app/Places"));
const JobsMenu = lazy(() => import("@/app/JobsMenu"));
const PersonMenu = lazy(() => import("@/app/PersonMenu"));

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
        <Suspense fallback={<Here />}>
          <Places />
        </Suspense>
      </nav>
      <div className={classes.fill} />
      <UnstyledButton className={classes.search} onClick={openPalette}>
        <SearchIcon size={16} />
        <span className={classes.searchText}>{frame.search}</span>
        <Key>{frame.searchKey}</Key>
      </UnstyledButton>
      <Suspense fallback={<span className={classes.later} />}>
        <JobsMenu />
        <PersonMenu />
      </Suspense>
    </header>
  );
}

/** The same words in the same place, without the menus. */
function Here() {
  const { membership } = useAccount();
  const { project } = useParams({ strict: false });
  return (
    <>
      <span className={classes.fixed}>{membership.organisation}</span>
      <span className={classes.slash} aria-hidden="true">
        /
      </span>
      <span className={classes.fixed}>{project ?? frame.projects}</span>
    </>
  );
}
