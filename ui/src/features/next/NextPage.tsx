/** The home of a project: at most five things to do, and what the last ones brought. */
import { Button, Skeleton, Text, Title, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { adviceQuery, projectQuery } from "@/api/queries";
import type { Advice } from "@/api/types";
import { useHere } from "@/app/here";
import { ActionCard } from "@/features/next/ActionCard";
import { CourseChart } from "@/features/next/CourseChart";
import { DropPicture } from "@/intake/DropPicture";
import { courseOf } from "@/ui/course";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { next as words } from "@/words/next";
import classes from "./NextPage.module.css";

const MOST_CARDS = 5;
const SKELETONS = ["a", "b", "c"];

export default function NextPage() {
  const here = useHere();
  const project = useQuery(projectQuery(here)).data;
  const advice = useQuery(adviceQuery(here));
  if (project?.images === 0) return <NoImages />;
  if (advice.isError && advice.data === undefined) {
    return (
      <Page>
        <QueryProblem query={advice} />
      </Page>
    );
  }
  return (
    <Page>
      <PageHead title={words.title} text={words.text} />
      {advice.data === undefined ? (
        SKELETONS.map((key) => <Skeleton key={key} height={104} radius="lg" mb="md" />)
      ) : (
        <Known advice={advice.data} />
      )}
    </Page>
  );
}

function Known({ advice }: { advice: Advice }) {
  const [all, setAll] = useState(false);
  const shown = all ? advice.actions : advice.actions.slice(0, MOST_CARDS);
  const more = advice.actions.length - MOST_CARDS;
  const course = courseOf(advice.course);
  return (
    <>
      {advice.actions.length === 0 ? (
        <Empty order={2} title={words.emptyTitle} text={words.emptyText} />
      ) : null}
      <div className={classes.cards}>
        {shown.map((action, i) => (
          <ActionCard key={`${action.kind} ${action.title}`} action={action} first={i === 0} />
        ))}
      </div>
      {more > 0 ? (
        <UnstyledButton className={classes.more} onClick={() => setAll(!all)}>
          {all ? words.fewer : words.more(more)}
        </UnstyledButton>
      ) : null}
      {course.length > 0 ? (
        <section className={classes.section}>
          <Title order={2} fz="lg">
            {words.course}
          </Title>
          <Text c="dimmed">{words.courseText}</Text>
          <CourseChart course={course} />
        </section>
      ) : null}
      {advice.brought.length > 0 ? (
        <section className={classes.section}>
          <Title order={2} fz="lg">
            {words.brought}
          </Title>
          <ul className={classes.brought}>
            {advice.brought.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </section>
      ) : null}
    </>
  );
}

function NoImages() {
  const here = useHere();
  return (
    <Empty title={words.noImagesTitle} text={words.noImagesText} picture={<DropPicture />}>
      <title>{`${words.title} · ${here.project}`}</title>
      <Button
        mt="xs"
        renderRoot={(props) => (
          <Link to="/p/$project/images" params={{ project: here.project }} {...props} />
        )}
      >
        {words.noImagesDo}
      </Button>
    </Empty>
  );
}
