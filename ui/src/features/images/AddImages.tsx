/** Bringing images into the project; the whole page while there are none. */
import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { mayStart } from "@/api/jobs";
import { useHere } from "@/app/here";
import { IntakePanel } from "@/intake/IntakePanel";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { images as words } from "@/words/images";
import { next } from "@/words/next";

interface AddImagesProps {
  /** Whether there are no images yet. */
  first: boolean;
  onLook: () => void;
}

export function AddImages({ first, onLook }: AddImagesProps) {
  const here = useHere();
  const navigate = useNavigate();
  const look = () => {
    onLook();
    void navigate({ to: "/p/$project/images", params: { project: here.project }, search: {} });
  };
  return (
    <Page width="text">
      <PageHead
        title={first ? next.noImagesTitle : words.add}
        text={first ? next.noImagesText : undefined}
      >
        {first ? null : (
          <Button variant="default" onClick={look}>
            {words.addClose}
          </Button>
        )}
      </PageHead>
      {mayStart(here, "import") ? <IntakePanel here={here} onLook={look} /> : null}
    </Page>
  );
}
