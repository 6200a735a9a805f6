import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { pictureUrl } from "@/api/here";
import { analysisQuery } from "@/api/queries";
import type { Document } from "@/api/types";
import { useHere } from "@/app/here";
import { JobButton } from "@/features/report/JobButton";
import { Part } from "@/features/report/Part";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

interface Slice {
  sentence: string;
  confirmed: boolean;
  failing: { sha256: string; image: string }[];
}

const SHOWN = 5;

export function SlicesPart() {
  const here = useHere();
  const found = useQuery(analysisQuery(here, "slices")).data;
  const slices = slicesOf(found?.document ?? null);
  return (
    <Part
      title={words.slices}
      aside={<JobButton kind="slices" label={found?.document ? words.again : words.slicesDo} />}
    >
      {found?.document ? (
        <p className={classes.dim}>
          {found.sentences.slice(0, slices.length ? 1 : 2).join(" ")}
        </p>
      ) : (
        <p className={classes.dim}>{words.slicesNone}</p>
      )}
      {slices.map((slice) => (
        <div key={slice.sentence} className={classes.slice}>
          <p>
            {slice.sentence}.{" "}
            <span className={classes.dim}>
              {slice.confirmed ? words.confirmed : words.hint}
            </span>
          </p>
          <div className={classes.thumbs}>
            {slice.failing.slice(0, SHOWN).map((place) => (
              <Link
                key={place.sha256}
                to="/p/$project/annotate/$sha"
                params={{ project: here.project, sha: place.sha256 }}
                title={place.image}
              >
                <img
                  src={pictureUrl(here, place.sha256, 192)}
                  alt={place.image}
                  loading="lazy"
                />
              </Link>
            ))}
          </div>
        </div>
      ))}
    </Part>
  );
}

function slicesOf(document: Document | null): Slice[] {
  const found = document?.slices;
  if (!Array.isArray(found)) return [];
  return found.map((s: Document) => ({
    sentence: capital(String(s.sentence ?? s.name ?? "")).replace(/\.$/, ""),
    confirmed: s.confirmed === true,
    failing: Array.isArray(s.failing) ? (s.failing as Slice["failing"]) : [],
  }));
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
