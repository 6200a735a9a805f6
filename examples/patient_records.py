# %% [markdown]
# # Patient records: six hospitals, six ways to fill in the same table
#
# Pitmark inspects images, but its analysis takes plain arrays: values, labels, predictions
# and metadata of anything. Here they are records of patients with a lung complaint. The
# records are made by this script, so we know what is wrong with them:
#
# - Bergfeld writes temperatures in Fahrenheit, Calmar and Elmstad write glucose in mg/dl,
#   Dornach writes the sex as 1 and 2, Fairview writes dates the other way round;
# - Elmstad codes a cough with a small shadow as J20 (bronchitis), all others as J18
#   (pneumonia): the same finding by two coding rules;
# - the laboratory of Calmar is imprecise, so a model that warns of intensive care is wrong
#   there more often;
# - 40 patients were sent on, and are in the tables of two hospitals.
#
# Run it with `python examples/patient_records.py`, or cell by cell in an editor.

# %%
from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.metrics.agreement import class_pairs, cohen_kappa
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.ratings import Ratings
from pitmark.quality.column_formats import column_formats
from pitmark.quality.copies.vector_pairs import vector_pairs
from pitmark.quality.needs.cheap_learner import CheapLearner
from pitmark.quality.needs.class_rounds import own_folds
from pitmark.quality.rules.systematic import Votes, inconsistent_groups
from pitmark.quality.slices.finding import Cases, find_slices
from pitmark.quality.slices.group_rates import group_rates

Floats = NDArray[np.float64]
Table = dict[str, list[Any]]

PATIENTS = 2000
HOSPITALS = ("Altmark", "Bergfeld", "Calmar", "Dornach", "Elmstad", "Fairview")
CODES = ("J18", "J20", "J44", "I50")
CODE_WORDS = {
    "J18": "pneumonia",
    "J20": "acute bronchitis",
    "J44": "chronic obstructive lung disease",
    "I50": "heart failure",
}

# %% [markdown]
# ## The records
#
# A patient has an illness, and measures that follow from it. Between bronchitis and
# pneumonia lie patients with a cough and a small shadow on the X-ray.

# %%
# Mean of each measure by illness, and how far patients spread around it. `border` is a cough
# with a small shadow.
ILLNESSES = ("J18", "J20", "J44", "I50", "border")
MEASURES: dict[str, tuple[tuple[float, ...], float]] = {
    "temperature": ((38.9, 37.6, 37.1, 36.8, 38.4), 0.35),
    "pulse": ((102, 86, 90, 95, 97), 9),
    "breaths": ((25, 17, 24, 22, 22), 2.2),
    "oxygen": ((91, 97, 88, 93, 95), 1.5),
    "systolic": ((118, 128, 134, 147, 123), 11),
    "crp": ((150, 14, 20, 12, 85), 11),
    "leukocytes": ((15.5, 8.5, 9.5, 8, 11.5), 1.3),
    "glucose": ((6.6, 5.8, 6.2, 7.0, 6.1), 0.7),
    "creatinine": ((95, 80, 85, 130, 86), 13),
    "bnp": ((120, 60, 130, 900, 80), 55),
    "shadow_mm": ((45, 1.5, 4, 6, 22), 2.5),
    "fev1_share": ((0.82, 0.86, 0.45, 0.78, 0.84), 0.06),
    "height_cm": ((172, 172, 171, 170, 172), 9),
    "weight_kg": ((76, 75, 69, 82, 75), 12),
    "age": ((61, 48, 66, 74, 54), 11),
    "days_ill": ((6, 8, 20, 12, 7), 2.5),
}
LABORATORY = ("crp", "leukocytes", "glucose", "creatinine", "bnp")


def admit(count: int, rng: np.random.Generator) -> tuple[Table, NDArray[np.bool_]]:
    """Patients as they are, in one format, and who comes to need intensive care."""
    illness = rng.choice(len(ILLNESSES), count, p=(0.26, 0.26, 0.18, 0.18, 0.12))
    table: Table = {"hospital": rng.choice(HOSPITALS, count).tolist()}
    strain = rng.normal(0, 1, count)
    for name, (means, spread) in MEASURES.items():
        pull = {"pulse": 0.6, "breaths": 0.7, "crp": 0.9, "leukocytes": 0.8, "bnp": 0.7}
        pull |= {"creatinine": 0.9, "glucose": 0.6, "oxygen": -0.5}
        share = pull.get(name, 0.0)
        own = share * strain + np.sqrt(1 - share**2) * rng.normal(0, 1, count)
        table[name] = (np.array(means)[illness] + spread * own).tolist()
    intensive = strain + 0.25 * rng.normal(0, 1, count) > 0.6
    table["sex"] = rng.choice(["F", "M"], count).tolist()
    first = date(2025, 1, 1)
    table["admitted"] = [first + timedelta(days=int(d)) for d in rng.integers(0, 365, count)]
    coded = np.where(illness == 4, 0, illness)
    elmstad = np.array(table["hospital"]) == "Elmstad"
    coded[(illness == 4) & elmstad] = 1
    slip = rng.random(count) < 0.01
    coded[slip] = rng.integers(0, len(CODES), slip.sum())
    table["code"] = [CODES[k] for k in coded]
    table["border"] = (illness == 4).tolist()
    return table, intensive


def refer(table: Table, count: int, rng: np.random.Generator) -> tuple[Table, list[int]]:
    """The table with some patients once more, as another hospital took them over."""
    chosen = rng.choice(len(table["code"]), count, replace=False).tolist()
    out = {name: values + [values[i] for i in chosen] for name, values in table.items()}
    for row, source in enumerate(chosen, start=len(table["code"])):
        others = [h for h in HOSPITALS if h not in ("Calmar", table["hospital"][source])]
        out["hospital"][row] = str(rng.choice(others))
        out["admitted"][row] += timedelta(days=1)
    return out, chosen


def write_down(table: Table, rng: np.random.Generator) -> Table:
    """Every hospital in its own format, rounded as people do."""
    out: Table = {name: list(values) for name, values in table.items() if name != "border"}
    for row, hospital in enumerate(table["hospital"]):
        if hospital == "Calmar":
            for name in LABORATORY:
                out[name][row] += 2.5 * MEASURES[name][1] * rng.normal()
        day = table["admitted"][row]
        out["admitted"][row] = (
            f"{day:%d.%m.%Y}" if hospital == "Fairview" else f"{day:%Y-%m-%d}"
        )
        if hospital == "Bergfeld":
            out["temperature"][row] = out["temperature"][row] * 1.8 + 32
        if hospital in ("Calmar", "Elmstad"):
            out["glucose"][row] *= 18.016
        if hospital == "Dornach":
            out["sex"][row] = {"M": "1", "F": "2"}[table["sex"][row]]
        for name in MEASURES:
            out[name][row] = float(f"{out[name][row]:.3g}")
    return out


rng = np.random.default_rng(11)
patients, needed_intensive = admit(PATIENTS, rng)
patients, referred = refer(patients, 40, rng)
needed_intensive = np.concatenate([needed_intensive, needed_intensive[referred]])
records = write_down(patients, rng)
print(f"{len(records['code'])} records of {len(HOSPITALS)} hospitals.")

# %% [markdown]
# ## Do all hospitals fill in the columns alike?

# %%
hospital = records["hospital"]
asked = {name: values for name, values in records.items() if name != "hospital"}
formats = column_formats(asked, hospital)
print("\nColumns in another format:")
for found in formats:
    print(f"  {found.sentence()}.")

# %% [markdown]
# A person reads this and says what to convert. That 1 means M is no matter for statistics:
# someone asked Dornach.

# %%
harmonized: Table = {name: list(values) for name, values in records.items()}
for found in formats:
    for row in found.rows.tolist():
        value = harmonized[found.column][row]
        if found.column == "temperature":
            harmonized["temperature"][row] = (value - 32) / 1.8
        elif found.column == "glucose":
            harmonized["glucose"][row] = value / 18.016
        elif found.column == "sex":
            harmonized["sex"][row] = {"1": "M", "2": "F"}[value]
        elif found.column == "admitted":
            day, month, year = value.split(".")
            harmonized["admitted"][row] = f"{year}-{month}-{day}"
left = column_formats({n: v for n, v in harmonized.items() if n != "hospital"}, hospital)
print(f"  After converting, {len(left)} columns differ.")

measured = np.array([harmonized[name] for name in MEASURES]).T
vectors = (measured - measured.mean(axis=0)) / measured.std(axis=0)

# %% [markdown]
# ## Patients in the tables of two hospitals
#
# All measures alike to a rounding error: that is one person. From here on the two records
# belong to one group, which no test may part. Those who came from Calmar are missed: its
# laboratory gives other figures of the same person.

# %%
pairs, _ = vector_pairs(vectors)
twins = [(int(a), int(b)) for a, b in pairs if hospital[a] != hospital[b]]
person = list(range(len(hospital)))
for one, other in twins:
    person[other] = person[one]
one, other = twins[0]
print(f"\n{len(twins)} patients are in two tables, such as records {one} and {other}.")

# %% [markdown]
# ## The same finding, two codes
#
# Where patients are alike and two codes meet: does the code depend on the hospital?

# %%
code = np.array([CODES.index(c) for c in harmonized["code"]])
votes = Votes(
    np.arange(len(code)),
    code,
    {"hospital": np.array(hospital), "sex": np.array(harmonized["sex"])},
    person,
)
groups = inconsistent_groups(votes, vectors, CODES)
print("\nCoded by two rules:")
for group in groups:
    own, theirs = group.deviating.label, group.others.label
    print(f"  {group.sentence()}.")
    print(f"  ({own} is {CODE_WORDS[own]}, {theirs} is {CODE_WORDS[theirs]}.)")
planted = {
    i
    for i in range(len(code))
    if patients["border"][i] and hospital[i] == "Elmstad" and harmonized["code"][i] == "J20"
}
told = set(groups[0].members)
hits = len(told & planted)
print(f"  It names {len(told)} records, {hits} of the {len(planted)} planted ones among them.")

# %% [markdown]
# ## Do two people code alike?
#
# 150 records of Altmark and Elmstad, each coded again by a coder of either hospital.

# %%
local = [i for i, h in enumerate(hospital) if h in ("Altmark", "Elmstad")]
again = rng.choice(local, 150, replace=False)


def coder(*, border: str) -> list[int]:
    """Codes that one person gives to the 150, by the rule of their hospital."""
    given = []
    for i in again:
        own = border if patients["border"][i] else patients["code"][i]
        given.append(int(rng.integers(len(CODES))) if rng.random() < 0.02 else CODES.index(own))
    return given


ratings = Ratings.of(
    np.stack([coder(border="J18"), coder(border="J20")], axis=1), CODES, ("Ada", "Emil")
)
draws = ClusterDraws(len(again))
kappa = cohen_kappa(
    ratings.columns("Ada"),
    ratings.columns("Emil"),
    len(CODES),
    clusters=ratings.clusters,
    draws=draws,
)
meet = np.triu(class_pairs(ratings), 1)
first, second = (int(k) for k in np.unravel_index(meet.argmax(), meet.shape))
print(
    f"\nAda and Emil agree with kappa {kappa.value:.2f} ({kappa.low:.2f} to {kappa.high:.2f});"
)
print(
    f"  {meet[first, second]} of the {meet.sum()} records on which they part are"
    f" {CODES[first]} to one and {CODES[second]} to the other."
)

# %% [markdown]
# ## Which hospital does the model serve badly?
#
# A ridge classifier warns of patients who will need intensive care; it is judged on people
# that it has not seen. An escape is a patient who needed it and was not warned of.

# %%
learner = CheapLearner(vectors, needed_intensive.astype(np.int64), 2)
fold = own_folds(learner.labels, person)
warned = np.zeros(len(fold), dtype=bool)
for number in range(5):
    train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
    values = learner.values(train, test, strength=learner.strength(train))
    warned[test] = values[:, 1] > values[:, 0]
age_band = ["below 60" if a < 60 else "60 and above" for a in harmonized["age"]]
attributes = {"hospital": hospital, "sex": harmonized["sex"], "age": age_band}
rates = group_rates(attributes, needed_intensive, warned, groups=person)
unequal = [r for r in rates if r.unequal]
print(f"\nThe model is right for {(warned == needed_intensive).mean():.1%} of the records.")
for rate in unequal:
    kind = "not warned of" if rate.rate == "escapes" else "warned of for nothing"
    seen = rate.evidence
    print(
        f"  {rate.name} {rate.value}: {seen.total:.0f} of {seen.cases} {kind}"
        f" ({seen.inside:.0%}), others {seen.outside:.0%}."
    )
print(f"  By sex {sum(r.name == 'sex' for r in unequal)} rates differ beyond chance.")

# %% [markdown]
# The same without naming a group beforehand: the search for weak slices, which confirms what
# it finds on people that it did not look at.

# %%
outcome = ["intensive" if n else "ward" for n in needed_intensive]
slices = find_slices(
    Cases(warned != needed_intensive, {**attributes, "class": outcome}, groups=person)
)
print("\nWeak slices:")
for weak in [s for s in slices if s.confirmed]:
    print(f"  {weak.sentence()}.")

# %% [markdown]
# ## What was planted was found

# %%
shown = {(f.column, f.sources) for f in formats}
assert shown == {
    ("temperature", ("Bergfeld",)),
    ("glucose", ("Calmar", "Elmstad")),
    ("sex", ("Dornach",)),
    ("admitted", ("Fairview",)),
}, "other columns were named"
units = {f.column: f.units for f in formats if f.kind == "scale"}
assert units["temperature"] == ("degrees Celsius", "degrees Fahrenheit")
assert units["glucose"] == ("mmol/l of glucose", "mg/dl of glucose")
assert not left, "a column still differs"
true_twins = {(source, PATIENTS + n) for n, source in enumerate(referred)}
sure_twins = {pair for pair in true_twins if hospital[pair[0]] != "Calmar"}
assert len(sure_twins & set(twins)) >= 0.9 * len(sure_twins), "referred patients were missed"
assert len(set(twins) - true_twins) <= 2, "strangers are called one person"
assert len(groups) == 1, "there is one coding rule to settle"
assert groups[0].deviating.condition == "hospital Elmstad"
assert {groups[0].deviating.label, groups[0].others.label} == {"J18", "J20"}
assert hits >= 0.7 * len(told), "the records named are others"
assert (kappa.high or 1.0) < 0.95, "two rules ought to show in the agreement"
assert (CODES[first], CODES[second]) == ("J18", "J20")
assert {(r.name, r.value) for r in unequal} == {("hospital", "Calmar")}
assert slices[0].confirmed, "the slice was not confirmed"
assert ("hospital", "Calmar") in slices[0].rule, "another slice is the weakest"
print("\nAll that was planted was found.")
