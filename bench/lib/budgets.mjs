// The budgets, and the verdict on each.

/** Kibibytes, as the peers' sizes are given. */
export const SIZE = { limit: 100, aim: 75 };
export const RATIO = { limit: 1.5, aim: 1.2 };
export const BACKEND = { times: 10, microseconds: 90, mebibytes: 30, p99: 12 };

/** `met`, `aim met` or `missed`; `not measured` when there is no value. */
export function verdict({ name, value, unit = '', limit, aim, atLeast = false, digits = 2 }) {
  const within = (bound) => (atLeast ? value >= bound : value <= bound);
  const word = value == null || Number.isNaN(value) ? 'not measured'
    : !within(limit) ? 'missed'
      : aim !== undefined && within(aim) ? 'aim met' : 'met';
  return { name, value: value ?? null, unit, limit, aim, atLeast, digits, verdict: word };
}
