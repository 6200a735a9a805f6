/** What each task does, drawn: the same part four times. */
import type { Task } from "@/api/types";

const PART = "var(--pm-part, #c9ced3)";
const EDGE = "#8d97a1";
const DEFECT = "#5b646d";

export function TaskPicture({ task }: { task: Task }) {
  return (
    <svg viewBox="0 8 220 106" width="100%" aria-hidden="true" style={{ display: "block" }}>
      <rect width="220" height="120" fill="var(--pm-stage)" />
      {task === "classification" ? <Sorted /> : null}
      {task === "detection" ? <Boxed /> : null}
      {task === "segmentation" ? <Outlined /> : null}
      {task === "anomaly" ? <Unlike /> : null}
    </svg>
  );
}

function Part({ x, y, scale = 1 }: { x: number; y: number; scale?: number }) {
  return (
    <g transform={`translate(${x} ${y}) scale(${scale})`}>
      <rect width="60" height="84" rx="11" fill={PART} stroke={EDGE} strokeWidth="1.5" />
      <rect x="8" y="8" width="22" height="22" rx="7" fill="#aab2b9" stroke={EDGE} />
      <circle cx="19" cy="19" r="6" fill="#6a747d" />
    </g>
  );
}

function Scratch({ x, y }: { x: number; y: number }) {
  return (
    <path
      d={`M${x} ${y}c7 3 10 10 19 11s9 6 14 9`}
      fill="none"
      stroke={DEFECT}
      strokeWidth="2.6"
      strokeLinecap="round"
    />
  );
}

function Sorted() {
  return (
    <>
      {[22, 84, 146].map((x, i) => (
        <g key={x}>
          <Part x={x + 3} y={16} scale={0.76} />
          {i === 1 ? (
            <g transform={`translate(${x + 8} 46) scale(.8)`}>
              <Scratch x={6} y={2} />
            </g>
          ) : null}
          <rect
            x={x + 6}
            y={89}
            width="40"
            height="16"
            rx="8"
            fill={i === 1 ? "#e69f00" : "#00b98a"}
          />
          {i === 1 ? (
            <path d={`M${x + 22} 93.5l8 7m0-7-8 7`} stroke="#1d2226" strokeWidth="2" />
          ) : (
            <path
              d={`M${x + 20} 97l4 4 8-8`}
              fill="none"
              stroke="#1d2226"
              strokeWidth="2"
              strokeLinejoin="round"
            />
          )}
        </g>
      ))}
    </>
  );
}

function Boxed() {
  return (
    <>
      <Part x={80} y={18} />
      <Scratch x={92} y={60} />
      <circle cx="126" cy="42" r="3.5" fill={DEFECT} />
      <rect
        x="86"
        y="54"
        width="45"
        height="32"
        fill="none"
        stroke="#56b4e9"
        strokeWidth="2.5"
      />
      <rect
        x="118"
        y="34"
        width="16"
        height="16"
        fill="none"
        stroke="#e69f00"
        strokeWidth="2.5"
      />
    </>
  );
}

function Outlined() {
  return (
    <>
      <Part x={80} y={18} />
      <path
        d="M95 62c5-7 15-8 21-3s11 2 13 9-3 14-11 14-8-5-15-5-12-8-8-15z"
        fill="#56b4e9"
        fillOpacity=".55"
        stroke="#56b4e9"
        strokeWidth="2.5"
      />
      <circle
        cx="124"
        cy="42"
        r="6"
        fill="#e69f00"
        fillOpacity=".55"
        stroke="#e69f00"
        strokeWidth="2.5"
      />
    </>
  );
}

function Unlike() {
  return (
    <>
      {[14, 56, 98].map((x) => (
        <g key={x} opacity=".5">
          <Part x={x} y={34} scale={0.6} />
        </g>
      ))}
      <Part x={146} y={18} />
      <circle cx="180" cy="68" r="21" fill="#e69f00" fillOpacity=".28" />
      <circle cx="180" cy="68" r="13" fill="#e69f00" fillOpacity=".5" />
      <circle cx="180" cy="68" r="6" fill="#f0e442" fillOpacity=".9" />
    </>
  );
}
