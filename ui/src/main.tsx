/** Starts the app. */
import "@/ui/mantineFirst.css";
import "@/ui/ground.css";
import "@/app/earlyKeys";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { setBase } from "@/api/client";
import { queryClient } from "@/app/queryClient";
import { router } from "@/app/router";
import { cssVariables, theme } from "@/ui/theme";
import { Toasts } from "@/ui/toast";

setBase(import.meta.env.BASE_URL);

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");

createRoot(place).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
