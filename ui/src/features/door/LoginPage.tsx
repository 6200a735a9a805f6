/** Signing in with a password. */
import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Navigate, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { asProblem, post, setCsrf } from "@/api/client";
import { keys } from "@/api/keys";
import { sessionQuery } from "@/api/queries";
import type { Session, SignIn } from "@/api/types";
import { Door } from "@/features/door/Door";
import { ProblemNote } from "@/ui/ProblemNote";
import { door } from "@/words/door";

const route = getRouteApi("/login");

export default function LoginPage() {
  const { to } = route.useSearch();
  const router = useRouter();
  const client = useQueryClient();
  const session = useQuery(sessionQuery).data;
  const [form, setForm] = useState<SignIn>({ email: "", password: "" });
  const signIn = useMutation({
    mutationFn: (given: SignIn) => post<Session>("api/session", given),
    meta: { quiet: true },
    onSuccess: (found) => {
      setCsrf(found.csrf);
      client.setQueryData(keys.session, found);
      router.history.push(inside(to));
    },
  });
  if (session?.setup_needed) return <Navigate to="/setup" />;
  if (session?.person && !signIn.isSuccess) return <Navigate to="/" />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate(form);
  };
  return (
    <Door title={door.title}>
      <form onSubmit={submit}>
        <Stack mt="lg" gap="md">
          <TextInput
            label={door.email}
            type="email"
            autoComplete="username"
            required
            data-autofocus
            value={form.email}
            onChange={(e) => setForm({ ...form, email: e.currentTarget.value })}
          />
          <PasswordInput
            label={door.password}
            autoComplete="current-password"
            required
            value={form.password}
            onChange={(e) => setForm({ ...form, password: e.currentTarget.value })}
          />
          {signIn.isError ? <ProblemNote problem={asProblem(signIn.error)} /> : null}
          <Button type="submit" fullWidth loading={signIn.isPending}>
            {door.signIn}
          </Button>
          <Text fz="sm" c="dimmed">
            {door.forgot}
          </Text>
        </Stack>
      </form>
    </Door>
  );
}

/** Only a path of this app; never an address that somebody else put into the link. */
function inside(to: string | undefined): string {
  return to?.startsWith("/") && !to.startsWith("//") && !to.includes("\\") ? to : "/";
}
