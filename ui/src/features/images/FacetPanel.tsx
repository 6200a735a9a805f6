/** Narrowing down by what there is: every value with how many images have it. */
import { Skeleton, UnstyledButton } from "@mantine/core";
import { memo, useMemo } from "react";
import type { Facet, Facets } from "@/api/types";
import { type ClassColor, swatch } from "@/ui/classColors";
import { countText } from "@/ui/figures";
import { chosenValues, filterText, parseFilter, toggleValue } from "@/ui/filterWords";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

interface FacetPanelProps {
  facets: Facets | undefined;
  filter: string | undefined;
  colors: (name: string) => ClassColor;
  onFilter: (filter: string | undefined) => void;
}

const SKELETONS = ["a", "b", "c", "d", "e", "f"];

/** Drawn anew only for what it shows: the list scrolls beside it. */
export const FacetPanel = memo(function FacetPanel(props: FacetPanelProps) {
  const { facets, filter, colors, onFilter } = props;
  const terms = useMemo(() => parseFilter(filter ?? "") ?? [], [filter]);
  const toggle = (column: string, value: string) =>
    onFilter(filterText(toggleValue(terms, column, value)) || undefined);
  return (
    <aside className={classes.facets} aria-label={words.facets}>
      {facets === undefined
        ? SKELETONS.map((key) => <Skeleton key={key} height={20} mb={14} />)
        : facets.facets
            .filter((f) => f.values.length > 1 || chosenValues(terms, f.name).length > 0)
            .map((facet) => (
              <FacetList
                key={facet.name}
                facet={facet}
                total={facets.total}
                chosen={chosenValues(terms, facet.name)}
                colors={facet.name === "class" ? colors : undefined}
                onToggle={(value) => toggle(facet.name, value)}
              />
            ))}
    </aside>
  );
});

interface FacetListProps {
  facet: Facet;
  total: number;
  chosen: readonly string[];
  colors: ((name: string) => ClassColor) | undefined;
  onToggle: (value: string) => void;
}

function FacetList({ facet, total, chosen, colors, onToggle }: FacetListProps) {
  return (
    <fieldset className={classes.facet}>
      <legend className={classes.facetTitle}>{facet.title}</legend>
      {facet.values.map(({ value, count }) => (
        <UnstyledButton
          key={value}
          className={classes.value}
          aria-pressed={chosen.includes(value)}
          title={value}
          onClick={() => onToggle(value)}
        >
          {colors && value !== "" ? (
            <span className={classes.swatch} style={{ background: swatch(colors(value)) }} />
          ) : null}
          <span className={classes.valueName}>
            {colors ? value || words.none : valueText(value)}
          </span>
          <span className={classes.valueCount}>{countText(count)}</span>
          <span
            className={classes.valueBar}
            style={{ ["--share" as string]: `${(100 * count) / Math.max(1, total)}%` }}
          />
        </UnstyledButton>
      ))}
      {facet.more > 0 ? (
        <div className={classes.moreValues}>{words.more(countText(facet.more))}</div>
      ) : null}
    </fieldset>
  );
}

function valueText(value: string): string {
  return value === "" ? words.none : value.replace("..", " to ").replaceAll("_", " ");
}
