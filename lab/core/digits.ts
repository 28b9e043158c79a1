/** How many hexadecimal digits of a digest people see. */
export const SHORT_DIGEST = 8;
