/** What is wrong with what was asked of the server, and the button that asks again. */
import { asProblem } from "@/api/client";
import { ProblemNote } from "@/ui/ProblemNote";

interface QueryProblemProps {
  query: { error: unknown; refetch: () => unknown };
}

export function QueryProblem({ query }: QueryProblemProps) {
  return <ProblemNote problem={asProblem(query.error)} onRetry={() => void query.refetch()} />;
}
