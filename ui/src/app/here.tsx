/** Where the person is: organisation and project, from the address and the session. */
import { createContext, type ReactNode, useContext } from "react";
import type { Here } from "@/api/here";
import type { Membership, Session } from "@/api/types";

interface Account {
  session: Session;
  membership: Membership;
  /** Go on in another organisation. */
  enter: (organisation: string) => void;
}

const AccountContext = createContext<Account | null>(null);
const HereContext = createContext<Here | null>(null);

export function AccountProvider(props: { account: Account; children: ReactNode }) {
  return <AccountContext value={props.account}>{props.children}</AccountContext>;
}

export function HereProvider(props: { here: Here; children: ReactNode }) {
  return <HereContext value={props.here}>{props.children}</HereContext>;
}

/** The person who is signed in. Only for pages behind the door. */
export function useAccount(): Account {
  const account = useContext(AccountContext);
  if (account === null) throw new Error("This page needs somebody who is signed in.");
  return account;
}

/** The project of the page. Only for pages of a project. */
export function useHere(): Here {
  const here = useContext(HereContext);
  if (here === null) throw new Error("This page belongs to a project.");
  return here;
}
