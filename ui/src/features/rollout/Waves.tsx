/** The waves of a rollout as they stand. */
import type { Rollout, RolloutWave } from "@/api/types";
import { countText } from "@/ui/figures";
import { rollout as words } from "@/words/rollout";
import classes from "./RolloutPage.module.css";

export function Waves({ rollout }: { rollout: Rollout }) {
  return (
    <ol className={classes.waves}>
      {rollout.waves.map((wave) => (
        <Wave key={wave.wave} wave={wave} state={stateOf(rollout, wave)} />
      ))}
    </ol>
  );
}

function Wave({ wave, state }: { wave: RolloutWave; state: keyof typeof words.waveStates }) {
  const width = (n: number) => ({ width: `${(100 * n) / Math.max(1, wave.devices)}%` });
  const forGood = Math.max(0, wave.running - wave.on_trial);
  return (
    <li className={classes.wave} data-state={state}>
      <div className={classes.waveHead}>
        {words.wave(wave.wave)}
        <span className={classes.dim}>{words.waveStates[state]}</span>
      </div>
      <div
        className={classes.bar}
        role="img"
        aria-label={`${words.barLabel(wave.wave)}: ${countText(wave.running)}`}
      >
        <span data-part="running" style={width(forGood)} />
        <span data-part="trial" style={width(wave.on_trial)} />
        <span data-part="failed" style={width(wave.failed)} />
      </div>
      <div className={classes.count}>
        {words.runningOf(countText(wave.running), countText(wave.devices))}
      </div>
      {wave.on_trial > 0 ? (
        <div className={classes.dim}>{words.onTrial(countText(wave.on_trial))}</div>
      ) : null}
      {wave.failed > 0 ? (
        <div className={classes.bad}>{words.failed(countText(wave.failed))}</div>
      ) : null}
    </li>
  );
}

function stateOf(rollout: Rollout, wave: RolloutWave): keyof typeof words.waveStates {
  if (!wave.open) return "next";
  if (rollout.state === "done" || wave.wave < rollout.wave) return "over";
  return rollout.state === "halted" ? "halted" : "open";
}
