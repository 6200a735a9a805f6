/** Following the link of an invitation. */
import { Button, PasswordInput, Skeleton, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { asProblem, get, post, setCsrf } from "@/api/client";
import { keys } from "@/api/keys";
import type { AcceptInvitation, InvitationOffer, Session } from "@/api/types";
import { Door } from "@/features/door/Door";
import { ProblemNote } from "@/ui/ProblemNote";
import { door } from "@/words/door";
import { roles } from "@/words/frame";

export default function InvitePage() {
  const { token = "" } = useParams({ strict: false });
  const path = `api/invitations/${encodeURIComponent(token)}`;
  const offer = useQuery({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => get<InvitationOffer>(path, undefined, signal),
    retry: false,
  });
  if (offer.isError) {
    return (
      <Door title={door.title}>
        <Stack mt="lg">
          <ProblemNote problem={asProblem(offer.error)} />
        </Stack>
      </Door>
    );
  }
  if (offer.data === undefined) {
    return (
      <Door title=" ">
        <Skeleton height={220} mt="lg" />
      </Door>
    );
  }
  return <Offer path={path} offer={offer.data} />;
}

function Offer({ path, offer }: { path: string; offer: InvitationOffer }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [form, setForm] = useState<AcceptInvitation>({ name: "", password: "" });
  const accept = useMutation({
    mutationFn: (given: AcceptInvitation) => post<Session>(`${path}/accept`, given),
    meta: { quiet: true },
    onSuccess: (found) => {
      setCsrf(found.csrf);
      client.setQueryData(keys.session, found);
      void navigate({ to: "/" });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    accept.mutate(form);
  };
  return (
    <Door
      title={door.inviteTitle(offer.organisation)}
      text={door.inviteText(offer.email, roles[offer.role])}
    >
      <form onSubmit={submit}>
        <Stack mt="lg" gap="md">
          {offer.known ? null : (
            <TextInput
              label={door.name}
              required
              autoComplete="name"
              value={form.name}
              onChange={(e) => setForm({ ...form, name: e.currentTarget.value })}
            />
          )}
          <PasswordInput
            label={offer.known ? door.password : door.invitePassword}
            description={offer.known ? door.inviteKnown : door.passwordHint}
            required
            minLength={offer.known ? 1 : 10}
            autoComplete={offer.known ? "current-password" : "new-password"}
            value={form.password}
            onChange={(e) => setForm({ ...form, password: e.currentTarget.value })}
          />
          {accept.isError ? <ProblemNote problem={asProblem(accept.error)} /> : null}
          <Button type="submit" fullWidth loading={accept.isPending}>
            {door.inviteDo}
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
