/** Icons, drawn on a grid of 20; they carry no meaning without the words beside them. */
import type { ReactNode } from "react";

interface IconProps {
  size?: number;
}

/** The lines of an icon. */
export function Drawn({ size = 20, children }: IconProps & { children: ReactNode }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const NextIcon = (props: IconProps) => (
  <Drawn {...props}>
    <circle cx="10" cy="10" r="7.25" />
    <path d="m12.9 7.1-1.6 4.2-4.2 1.6 1.6-4.2z" />
  </Drawn>
);
export const ImagesIcon = (props: IconProps) => (
  <Drawn {...props}>
    <rect x="2.75" y="3.75" width="14.5" height="12.5" rx="2" />
    <path d="m3 14 4-4 3 3 2.5-2.5L17 15" />
    <circle cx="12.8" cy="7.4" r="1.2" />
  </Drawn>
);
export const BookIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M10 5.2C8.4 4 6.3 3.6 3 3.75v11.5c3.3-.15 5.4.25 7 1.5 1.6-1.25 3.7-1.65 7-1.5V3.75C13.7 3.6 11.6 4 10 5.2z" />
    <path d="M10 5.2v11.5" />
  </Drawn>
);
export const AgreementIcon = (props: IconProps) => (
  <Drawn {...props}>
    <circle cx="7.4" cy="10" r="4.65" />
    <circle cx="12.6" cy="10" r="4.65" />
  </Drawn>
);
export const FindingsIcon = (props: IconProps) => (
  <Drawn {...props}>
    <circle cx="8.75" cy="8.75" r="5.5" />
    <path d="m13 13 4 4M8.75 6.25v2.9M8.75 11.1v.1" />
  </Drawn>
);
export const TrainIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M3.25 3.25v13.5h13.5" />
    <path d="M5.8 5.5c1 4.8 3.3 7.3 10.2 8" />
  </Drawn>
);
export const ReportIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M5 2.75h7l3.5 3.5v11H5z" />
    <path d="M12 2.75v3.5h3.5M7.9 14v-2.2M10.25 14V9.4M12.6 14v-3.3" />
  </Drawn>
);
export const ReleaseIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="m10 2.75 6.5 3.5v7.5L10 17.25l-6.5-3.5v-7.5z" />
    <path d="M3.7 6.4 10 10l6.3-3.6M10 10v7" />
  </Drawn>
);
export const DevicesIcon = (props: IconProps) => (
  <Drawn {...props}>
    <rect x="3" y="3.75" width="14" height="8.5" rx="2" />
    <path d="M10 12.25v3.5M6 16.25h8M6.5 8h3" />
  </Drawn>
);
export const LineIcon = (props: IconProps) => (
  <Drawn {...props}>
    <rect x="6.5" y="4" width="7" height="5.5" rx="1" />
    <path d="M2.5 12h15M4.5 15.5h11" />
    <circle cx="4.5" cy="13.75" r="1.75" />
    <circle cx="15.5" cy="13.75" r="1.75" />
    <circle cx="10" cy="13.75" r="1.75" />
  </Drawn>
);
export const SearchIcon = (props: IconProps) => (
  <Drawn {...props}>
    <circle cx="8.75" cy="8.75" r="5.25" />
    <path d="m12.7 12.7 4.05 4.05" />
  </Drawn>
);
export const PeopleIcon = (props: IconProps) => (
  <Drawn {...props}>
    <circle cx="7.5" cy="6.75" r="3" />
    <path d="M2.25 16.5c0-3 2.2-4.75 5.25-4.75s5.25 1.75 5.25 4.75M12.8 4.1a2.8 2.8 0 0 1 0 5.3M14.5 12.2c2 .5 3.25 2 3.25 4.3" />
  </Drawn>
);
export const SunIcon = (props: IconProps) => (
  <Drawn {...props}>
    <circle cx="10" cy="10" r="3.25" />
    <path d="M10 2.5v1.8M10 15.7v1.8M2.5 10h1.8M15.7 10h1.8M4.7 4.7 6 6M14 14l1.3 1.3M4.7 15.3 6 14M14 6l1.3-1.3" />
  </Drawn>
);
export const MoonIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M16.5 12.1A7 7 0 0 1 7.9 3.5a7 7 0 1 0 8.6 8.6z" />
  </Drawn>
);
export const SystemIcon = (props: IconProps) => (
  <Drawn {...props}>
    <rect x="2.75" y="3.5" width="14.5" height="10" rx="1.5" />
    <path d="M7 16.75h6M10 13.5v3.25" />
  </Drawn>
);
export const PlusIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M10 4v12M4 10h12" />
  </Drawn>
);
export const CloseIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="m5 5 10 10M15 5 5 15" />
  </Drawn>
);
export const CheckIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="m4 10.5 4 4 8-9" />
  </Drawn>
);
export const DownIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="m6 8 4 4 4-4" />
  </Drawn>
);
export const RightIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="m8 6 4 4-4 4" />
  </Drawn>
);
export const LeftIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="m12 6-4 4 4 4" />
  </Drawn>
);
export const ArrowIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M4 10h12m-4.5-4.5L16 10l-4.5 4.5" />
  </Drawn>
);
export const UploadIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M10 13V3.75M6.25 7.25 10 3.5l3.75 3.75M3.5 13v3.5h13V13" />
  </Drawn>
);
export const DownloadIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M10 3.5v9.25M6.25 9.25 10 13l3.75-3.75M3.5 13v3.5h13V13" />
  </Drawn>
);
export const TrashIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M3.5 5.5h13M8 5.5V3.25h4V5.5M5 5.5l.75 11.25h8.5L15 5.5M8.3 8.7v5M11.7 8.7v5" />
  </Drawn>
);
export const FilterIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M3 4.5h14l-5.25 6.25V16.5l-3.5-1.75v-4z" />
  </Drawn>
);
export const MapIcon = (props: IconProps) => (
  <Drawn {...props}>
    <circle cx="5.5" cy="13.5" r="1.6" />
    <circle cx="8" cy="6.5" r="1.6" />
    <circle cx="14.5" cy="5" r="1.6" />
    <circle cx="13" cy="11" r="1.6" />
    <circle cx="16" cy="15.5" r="1.6" />
  </Drawn>
);
export const MoreIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M5 10h.01M10 10h.01M15 10h.01" strokeWidth="2.4" />
  </Drawn>
);
export const WarnIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M10 3.25 17.5 16.5h-15zM10 8.25v3.75M10 14.25v.05" />
  </Drawn>
);
export const UndoIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M7 4.5 3.5 8 7 11.5M4 8h7.5a4 4 0 0 1 0 8H8" />
  </Drawn>
);
export const FileIcon = (props: IconProps) => (
  <Drawn {...props}>
    <path d="M5 2.75h7l3.5 3.5v11H5zM12 2.75v3.5h3.5" />
  </Drawn>
);
export const KeyIcon = (props: IconProps) => (
  <Drawn {...props}>
    <circle cx="6.75" cy="13.25" r="3.25" />
    <path d="m9.2 10.8 7.3-7.3M13.5 6.5l2.5 2.5" />
  </Drawn>
);
