/** Stands in for a test where something outlives one: it has a name, and knows what to do at the end. */
export function openScope(name) {
  const endings = [];
  return {
    name,
    after: (ending) => endings.push(ending),
    close: async () => {
      for (const ending of endings.reverse()) await ending();
    },
  };
}
