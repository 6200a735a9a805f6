/** The first start: the owner is made with the token that the server printed. */
import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Navigate, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { asProblem, post, setCsrf } from "@/api/client";
import { keys } from "@/api/keys";
import { sessionQuery } from "@/api/queries";
import type { Session, Setup } from "@/api/types";
import { Door } from "@/features/door/Door";
import { ProblemNote } from "@/ui/ProblemNote";
import { door } from "@/words/door";

const route = getRouteApi("/setup");

export default function SetupPage() {
  const { token } = route.useSearch();
  const navigate = useNavigate();
  const client = useQueryClient();
  const session = useQuery(sessionQuery).data;
  const [form, setForm] = useState<Setup>({
    token: token ?? "",
    name: "",
    email: "",
    password: "",
  });
  const setUp = useMutation({
    mutationFn: (given: Setup) => post<Session>("api/setup", given),
    meta: { quiet: true },
    onSuccess: (found) => {
      setCsrf(found.csrf);
      client.setQueryData(keys.session, found);
      void navigate({ to: "/" });
    },
  });
  if (session && !session.setup_needed && !setUp.isSuccess) return <Navigate to="/" />;
  const set = (part: Partial<Setup>) => setForm({ ...form, ...part });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setUp.mutate(form);
  };
  return (
    <Door title={door.setupTitle} text={door.setupText}>
      <form onSubmit={submit}>
        <Stack mt="lg" gap="md">
          {token ? null : (
            <TextInput
              label={door.setupToken}
              description={door.setupTokenHint}
              required
              autoComplete="off"
              value={form.token}
              onChange={(e) => set({ token: e.currentTarget.value })}
            />
          )}
          <TextInput
            label={door.name}
            required
            autoComplete="name"
            value={form.name}
            onChange={(e) => set({ name: e.currentTarget.value })}
          />
          <TextInput
            label={door.email}
            type="email"
            required
            autoComplete="username"
            value={form.email}
            onChange={(e) => set({ email: e.currentTarget.value })}
          />
          <PasswordInput
            label={door.password}
            description={door.passwordHint}
            required
            minLength={10}
            autoComplete="new-password"
            value={form.password}
            onChange={(e) => set({ password: e.currentTarget.value })}
          />
          {setUp.isError ? <ProblemNote problem={asProblem(setUp.error)} /> : null}
          <Button type="submit" fullWidth loading={setUp.isPending}>
            {door.setupDo}
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
