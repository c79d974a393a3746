/** Addresses of the pages about the fleet, below the pages' base path. */
export const LIST = "/settings/applications";
export const ADD: string = `${LIST}/new`;

/** The page of one application. */
export const pathOf = (name: string): string => `${LIST}/${encodeURIComponent(name)}`;
