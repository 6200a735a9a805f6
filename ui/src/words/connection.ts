/** Words of what goes wrong between the page and the server. */
export const connection = {
  notJson: (asked: string) => `${asked}: the answer is not JSON.`,
  notJsonHint: "Is something else listening at this address? Ask whoever runs the server.",
  pageHint: "This is a fault of the page, not yours. Loading it again may help.",
  silent: "The server does not answer.",
  silentHint: "Check the network. What you did is kept on this page until it is back.",
  answered: (status: string) => `The server answered ${status}.`,
} as const;
