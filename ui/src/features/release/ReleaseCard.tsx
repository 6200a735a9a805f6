import { Badge, Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { address, post } from "@/api/client";
import { may, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Release } from "@/api/types";
import { useHere } from "@/app/here";
import { gateLines } from "@/features/release/gate";
import { bytesText, whenText } from "@/ui/figures";
import { CheckIcon, CloseIcon, DownloadIcon } from "@/ui/icons";
import { Sure } from "@/ui/Sure";
import { toast } from "@/ui/toast";
import { release as words } from "@/words/release";
import classes from "./ReleasePage.module.css";

interface ReleaseCardProps {
  release: Release;
  newest: boolean;
  /** The number that a release made now would get. */
  next: number;
}

export function ReleaseCard({ release, newest, next }: ReleaseCardProps) {
  const here = useHere();
  const client = useQueryClient();
  const path = projectPath(here, `/releases/${release.version}`);
  const back = useMutation({
    mutationFn: () => post<Release>(`${path}/rollback`),
    onSuccess: (made) => toast({ text: words.rolledBack(made.version) }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.project(here) }),
  });
  return (
    <li className={classes.item} data-newest={newest || undefined}>
      <div className={classes.card}>
        <div className={classes.head}>
          <span className={classes.version}>{words.version(release.version)}</span>
          {newest ? (
            <Badge variant="light" tt="none" fw={550}>
              {words.newest}
            </Badge>
          ) : null}
          <span className={classes.dim}>
            {[
              whenText(release.created),
              bytesText(release.size_bytes),
              release.signed_by ? words.signed(release.signed_by.slice(0, 16)) : words.unsigned,
            ].join(" · ")}
          </span>
        </div>
        <ul className={classes.gate}>
          {gateLines(release.gate).map((check) => (
            <li key={check.name} data-ok={check.ok || undefined}>
              {check.ok ? <CheckIcon size={17} /> : <CloseIcon size={17} />}
              <span>
                <strong>{check.name}:</strong> {check.text}
              </span>
            </li>
          ))}
        </ul>
        <div className={classes.buttons}>
          <Button
            component="a"
            href={address(`${path}/bundle`)}
            download
            variant={newest ? "light" : "default"}
            leftSection={<DownloadIcon size={17} />}
          >
            {words.download}
          </Button>
          <Button
            variant="default"
            renderRoot={(root) => (
              <Link
                to="/p/$project/report"
                params={{ project: here.project }}
                search={{ run: release.run }}
                {...root}
              />
            )}
          >
            {words.report}
          </Button>
          {newest ? (
            <Button
              variant="default"
              renderRoot={(root) => (
                <Link
                  to="/p/$project/rollout"
                  params={{ project: here.project }}
                  search={{ release: String(release.version) }}
                  {...root}
                />
              )}
            >
              {words.rollout}
            </Button>
          ) : null}
          {newest || !may(here.role, "admin") ? null : (
            <Sure
              loading={back.isPending}
              sentence={words.rollbackSure(release.version, next)}
              onSure={() => back.mutate()}
            >
              {words.rollback}
            </Sure>
          )}
        </div>
      </div>
    </li>
  );
}
