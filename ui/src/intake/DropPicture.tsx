/** A folder that takes pictures in. */
export function DropPicture() {
  return (
    <svg width="128" height="92" viewBox="0 0 128 92" fill="none" aria-hidden="true">
      <rect
        x="42"
        y="4"
        width="34"
        height="40"
        rx="4"
        transform="rotate(-9 59 24)"
        fill="var(--pm-surface)"
        stroke="var(--mantine-color-dimmed)"
        strokeWidth="1.5"
      />
      <rect
        x="58"
        y="2"
        width="34"
        height="42"
        rx="4"
        transform="rotate(7 75 23)"
        fill="var(--pm-surface)"
        stroke="var(--mantine-color-dimmed)"
        strokeWidth="1.5"
      />
      <circle
        cx="77"
        cy="19"
        r="4"
        transform="rotate(7 75 23)"
        stroke="var(--pm-accent-text)"
        strokeWidth="1.8"
      />
      <path
        d="M22 38a6 6 0 0 1 6-6h20l8 8h44a6 6 0 0 1 6 6v36a6 6 0 0 1-6 6H28a6 6 0 0 1-6-6z"
        fill="var(--pm-accent-soft)"
        stroke="var(--pm-accent-text)"
        strokeWidth="1.8"
      />
    </svg>
  );
}
