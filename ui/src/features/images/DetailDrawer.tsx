/** One image with all that is known about it, beside the gallery. */
import { Button, CloseButton, Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Here, may, pictureUrl } from "@/api/here";
import { imageQuery } from "@/api/queries";
import type { ImageDetail, Shape } from "@/api/types";
import { ShapesOverlay } from "@/canvas/ShapesOverlay";
import { ClassChip } from "@/ui/ClassChip";
import type { ClassColor } from "@/ui/classColors";
import { whenText } from "@/ui/figures";
import { Key } from "@/ui/Key";
import { QueryProblem } from "@/ui/QueryProblem";
import { frame } from "@/words/frame";
import { splits, images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

interface DetailDrawerProps {
  here: Here;
  sha: string;
  colors: (name: string) => ClassColor;
  onClose: () => void;
  onLabel: () => void;
}

export function DetailDrawer({ here, sha, colors, onClose, onLabel }: DetailDrawerProps) {
  const detail = useQuery(imageQuery(here, sha));
  const image = detail.data;
  return (
    <aside className={classes.drawer} aria-label={words.details}>
      <div className={classes.drawerHead}>
        <span className={classes.drawerName} title={image?.card.name}>
          {image?.card.name ?? ""}
        </span>
        {may(here.role, "labeler") ? (
          <Button onClick={onLabel} rightSection={<Key>{words.labelKey}</Key>}>
            {words.label}
          </Button>
        ) : null}
        <CloseButton size={34} aria-label={frame.close} onClick={onClose} />
      </div>
      {detail.isError ? (
        <QueryProblem query={detail} />
      ) : image === undefined ? (
        <Skeleton height={290} radius={0} />
      ) : (
        <Known here={here} image={image} colors={colors} />
      )}
    </aside>
  );
}

interface KnownProps {
  here: Here;
  image: ImageDetail;
  colors: (name: string) => ClassColor;
}

function Known({ here, image, colors }: KnownProps) {
  const [labels, setLabels] = useState(true);
  const [said, setSaid] = useState(false);
  const { card, prediction } = image;
  return (
    <>
      <div className={`${classes.drawerStage} pm-stage`}>
        <img
          src={pictureUrl(here, card.sha256, 768)}
          alt={card.name}
          style={{ width: "100%", height: "100%", objectFit: "contain", display: "block" }}
        />
        {labels && image.labels.consensus ? (
          <ShapesOverlay
            shapes={image.labels.consensus}
            width={card.width}
            height={card.height}
            colors={colors}
          />
        ) : null}
        {said && prediction ? (
          <ShapesOverlay
            shapes={prediction.shapes}
            width={card.width}
            height={card.height}
            colors={colors}
            dashed
          />
        ) : null}
        <div className={classes.toggles}>
          <UnstyledButton
            className={classes.toggle}
            aria-pressed={labels}
            onClick={() => setLabels(!labels)}
          >
            {words.showLabels}
          </UnstyledButton>
          {prediction ? (
            <UnstyledButton
              className={classes.toggle}
              aria-pressed={said}
              onClick={() => setSaid(!said)}
            >
              {words.showPrediction}
            </UnstyledButton>
          ) : null}
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
      <section className={classes.drawerBody} tabIndex={0} aria-label={words.details}>
        <Facts image={image} />
        <section className={classes.part}>
          <h2 className={classes.partTitle}>{words.labels}</h2>
          <Shapes shapes={image.labels.consensus} colors={colors} />
        </section>
        <section className={classes.part}>
          <h2 className={classes.partTitle}>{words.prediction}</h2>
          {prediction ? (
            <>
              <Shapes shapes={prediction.shapes} colors={colors} />
              {prediction.image_score === null ? null : (
                <Text fz="sm" c="dimmed" mt={4}>
                  {words.score(prediction.image_score.toFixed(2))}
                </Text>
              )}
            </>
          ) : (
            <Text fz="sm" c="dimmed">
              {words.noPrediction}
            </Text>
          )}
        </section>
        {image.labels.history.length > 0 ? <History image={image} /> : null}
        {image.findings.length > 0 ? <Findings here={here} image={image} /> : null}
      </section>
    </>
  );
}

function Facts({ image }: { image: ImageDetail }) {
  const facts: [string, string][] = [
    [words.size, words.size_px(image.card.width, image.card.height)],
    ...(image.card.split
      ? [[words.split, splits[image.card.split] ?? image.card.split] as [string, string]]
      : []),
    ...(image.group ? [[words.groupOf, image.group] as [string, string]] : []),
    ...Object.entries(image.metadata).map(([k, v]): [string, string] => [k, String(v)]),
    ...(image.names.length > 1
      ? [[words.names, image.names.join(", ")] as [string, string]]
      : []),
  ];
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name === words.size ? words.details : name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ShapesProps {
  shapes: readonly Shape[] | null;
  colors: (name: string) => ClassColor;
}

function Shapes({ shapes, colors }: ShapesProps) {
  if (shapes === null || shapes.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {shapes === null ? words.noLabels : words.nothing}
      </Text>
    );
  }
  const counts = new Map<string, number>();
  for (const s of shapes) counts.set(s.label, (counts.get(s.label) ?? 0) + 1);
  return (
    <div className={classes.chipLine}>
      {[...counts].map(([name, count]) => (
        <span key={name} style={{ display: "inline-flex", gap: 3, alignItems: "center" }}>
          <ClassChip name={name} color={colors(name)} />
          {count > 1 ? <small>× {count}</small> : null}
        </span>
      ))}
    </div>
  );
}

function History({ image }: { image: ImageDetail }) {
  return (
    <section className={classes.part}>
      <h2 className={classes.partTitle}>{words.history}</h2>
      <ul className={classes.said}>
        {image.labels.history.map((a) => (
          <li key={`${a.labeler} ${a.revision}`}>
            {a.labeler}, {whenText(a.at)}
            {a.reason ? `: ${a.reason}` : ""}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Findings({ here, image }: { here: Here; image: ImageDetail }) {
  return (
    <section className={classes.part}>
      <h2 className={classes.partTitle}>{words.openFindings}</h2>
      <ul className={classes.said}>
        {image.findings.map((id) => (
          <li key={id}>
            <Link to="/p/$project/findings" params={{ project: here.project }} search={{ id }}>
              {id}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
