/** Which parts of a database's address are asked for, by what is made and where: the rules of the server, said before it says them. */

export type Connection = "new_database" | "new_schema" | "new_connection";
export type Dialect = "sqlite" | "postgres" | "mysql" | "mariadb";

export const CONNECTIONS: readonly Connection[] = ["new_database", "new_schema", "new_connection"];
export const DIALECTS: readonly Dialect[] = ["sqlite", "postgres", "mysql", "mariadb"];
export const DIALECT_NAMES: Readonly<Record<Dialect, string>> = {
  sqlite: "SQLite",
  postgres: "PostgreSQL",
  mysql: "MySQL",
  mariadb: "MariaDB",
};
export const PORTS: Readonly<Record<Dialect, number | null>> = {
  sqlite: null,
  postgres: 5432,
  mysql: 3306,
  mariadb: 3306,
};

export type Part = "host" | "port" | "username" | "password" | "database" | "schema" | "storage";
export const PARTS: readonly Part[] = [
  "host",
  "port",
  "username",
  "password",
  "database",
  "schema",
  "storage",
];
/** What may change once the database is there: the same one, found elsewhere. */
export const MOVABLE: readonly Part[] = ["host", "port", "username", "password"];

const SERVER: readonly Part[] = ["host", "port", "username", "password"];

export interface Service {
  connection: Connection;
  /** Of another server than the environment's own. */
  other: boolean;
  /** Of the service that is meant. */
  dialect: Dialect;
}

/** The parts that are asked for, in the order of the form. */
export function partsOf({ connection, other, dialect }: Service): readonly Part[] {
  if (dialect === "sqlite") return ["storage"];
  const server = other || connection === "new_connection" ? SERVER : [];
  const schema: Part[] = dialect === "postgres" && connection !== "new_database" ? ["schema"] : [];
  return [...server, "database", ...schema];
}

/** Those that must be given. */
export function neededOf(service: Service): readonly Part[] {
  const { connection, other, dialect } = service;
  if (dialect === "sqlite") return connection === "new_connection" ? ["storage"] : [];
  if (connection === "new_connection") return ["host", "username", "database"];
  if (!other) return [];
  return connection === "new_schema" ? ["host", "username", "database"] : ["host", "username"];
}

export const asDialect = (name: string | null | undefined): Dialect =>
  DIALECTS.find((dialect) => dialect === name) ?? "sqlite";
