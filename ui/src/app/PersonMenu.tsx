/** The person: appearance, people of the organisation, the way out. */
import {
  Menu,
  SegmentedControl,
  Text,
  UnstyledButton,
  useMantineColorScheme,
} from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { address } from "@/api/client";
import { signOut } from "@/app/account";
import { useAccount } from "@/app/here";
import { FileIcon, KeyIcon, MoonIcon, PeopleIcon, SunIcon, SystemIcon } from "@/ui/icons";
import { frame, roles } from "@/words/frame";
import classes from "./PersonMenu.module.css";

const SCHEMES = [
  ["light", SunIcon],
  ["dark", MoonIcon],
  ["auto", SystemIcon],
] as const;

export default function PersonMenu() {
  const { session, membership } = useAccount();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();
  const person = session.person;
  return (
    <Menu position="bottom-end" width={264}>
      <Menu.Target>
        <UnstyledButton className={classes.face} aria-label={person?.name ?? frame.people}>
          {initials(person?.name ?? "?")}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.who}>
          <Text fw={600}>{person?.name}</Text>
          <Text fz="sm" c="dimmed">
            {[person?.email, roles[membership.role]].filter(Boolean).join(" · ")}
          </Text>
        </div>
        <div className={classes.scheme}>
          <SegmentedControl
            fullWidth
            aria-label={frame.colorsLabel}
            value={colorScheme}
            onChange={(scheme) => setColorScheme(scheme as typeof colorScheme)}
            data={SCHEMES.map(([value, Icon]) => ({
              value,
              label: (
                <span className={classes.option} title={frame.colors[value]}>
                  <Icon size={17} />
                  <span className="pm-hidden">{frame.colors[value]}</span>
                </span>
              ),
            }))}
          />
        </div>
        <Menu.Divider />
        <Menu.Item
          leftSection={<KeyIcon size={17} />}
          onClick={() => void navigate({ to: "/account" })}
        >
          {frame.account}
        </Menu.Item>
        <Menu.Item
          leftSection={<PeopleIcon size={17} />}
          onClick={() => void navigate({ to: "/people" })}
        >
          {frame.people}
        </Menu.Item>
        <Menu.Item
          component="a"
          href={address("licenses.md")}
          target="_blank"
          rel="noreferrer"
          leftSection={<FileIcon size={17} />}
        >
          {frame.licenses}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut()}>{frame.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  const parts = name.split(/[\s.@_-]+/).filter(Boolean);
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]];
  return letters
    .map((p) => p?.[0] ?? "")
    .join("")
    .toUpperCase();
}
