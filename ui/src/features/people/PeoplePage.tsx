/** Members, invitations, tokens and the log of an organisation. */
import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { may } from "@/api/here";
import { useAccount } from "@/app/here";
import { Invitations } from "@/features/people/Invitations";
import { Log } from "@/features/people/Log";
import { Members } from "@/features/people/Members";
import { Tokens } from "@/features/people/Tokens";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { people } from "@/words/people";
import classes from "./PeoplePage.module.css";

const route = getRouteApi("/app/people");

export default function PeoplePage() {
  const { tab = "members" } = route.useSearch();
  const navigate = route.useNavigate();
  const { membership } = useAccount();
  const leads = may(membership.role, "admin");
  return (
    <main id="page" tabIndex={-1} className={classes.scroll}>
      <Page>
        <PageHead title={people.title} text={people.text(membership.organisation)} />
        <Tabs
          value={tab}
          keepMounted={false}
          onChange={(chosen) => void navigate({ search: { tab: chosen ?? undefined } })}
        >
          <Tabs.List mb="lg">
            <Tabs.Tab value="members">{people.tabs.members}</Tabs.Tab>
            {leads ? <Tabs.Tab value="invitations">{people.tabs.invitations}</Tabs.Tab> : null}
            <Tabs.Tab value="tokens">{people.tabs.tokens}</Tabs.Tab>
            {leads ? <Tabs.Tab value="log">{people.tabs.log}</Tabs.Tab> : null}
          </Tabs.List>
          <Tabs.Panel value="members">
            <Members />
          </Tabs.Panel>
          <Tabs.Panel value="invitations">
            <Invitations />
          </Tabs.Panel>
          <Tabs.Panel value="tokens">
            <Tokens />
          </Tabs.Panel>
          <Tabs.Panel value="log">
            <Log />
          </Tabs.Panel>
        </Tabs>
      </Page>
    </main>
  );
}
