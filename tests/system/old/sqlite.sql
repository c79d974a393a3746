BEGIN TRANSACTION;
CREATE TABLE "apiKeys" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "name" VARCHAR(255) NOT NULL,
  "userId" BIGINT NOT NULL CONSTRAINT "fk_apiKeys_userId_ac0e5316ed" REFERENCES "users" ("id") ON DELETE CASCADE,
  "roleName" VARCHAR(50) NOT NULL CONSTRAINT "fk_apiKeys_roleName_ee4a9e2bb8" REFERENCES "roles" ("name") ON DELETE CASCADE,
  "jti" VARCHAR(64),
  "expiresAt" TEXT,
  "createdAt" TEXT
);
CREATE TABLE "boxes" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "label" VARCHAR(255),
  "weight" INTEGER
, "mine" VARCHAR(255));
INSERT INTO "boxes" VALUES(1,'box 0',0,NULL);
INSERT INTO "boxes" VALUES(2,'box 1',1,'kept');
INSERT INTO "boxes" VALUES(3,'box 2',2,NULL);
CREATE TABLE "collections" (
  "name" VARCHAR(50) PRIMARY KEY NOT NULL,
  "title" VARCHAR(255),
  "sort" INTEGER NOT NULL,
  "options" TEXT NOT NULL
);
INSERT INTO "collections" VALUES('notes','notes',1,'{"autoGenId":true,"createdAt":true,"createdBy":true,"sortable":false,"template":"general","updatedAt":true,"updatedBy":false}');
CREATE TABLE "fields" (
  "key" VARCHAR(50) PRIMARY KEY NOT NULL,
  "collectionName" VARCHAR(50) NOT NULL,
  "name" VARCHAR(50) NOT NULL,
  "type" VARCHAR(50) NOT NULL,
  "interface" VARCHAR(255),
  "sort" INTEGER NOT NULL,
  "options" TEXT NOT NULL
);
INSERT INTO "fields" VALUES('2w4fh2c8erd','notes','id','bigInt','id',1,'{"allowNull":false,"autoIncrement":true,"primaryKey":true,"uiSchema":{"title":"{{t(\"ID\")}}","type":"number","x-component":"InputNumber","x-read-pretty":true}}');
INSERT INTO "fields" VALUES('1frgdkft33d','notes','text','string',NULL,2,'{}');
INSERT INTO "fields" VALUES('p6unb5sswli','notes','createdAt','date','createdAt',3,'{"uiSchema":{"title":"{{t(\"Created at\")}}","type":"datetime","x-read-pretty":true}}');
INSERT INTO "fields" VALUES('f4j1n2f75le','notes','updatedAt','date','updatedAt',4,'{"uiSchema":{"title":"{{t(\"Last updated at\")}}","type":"datetime","x-read-pretty":true}}');
INSERT INTO "fields" VALUES('ox8r77bjngj','notes','boxId','bigInt','integer',5,'{"autoCreate":true,"index":true,"isForeignKey":true,"reference":{"collection":"boxes","field":"id","onDelete":"SET NULL"},"uiSchema":{"title":"boxId","x-read-pretty":true}}');
INSERT INTO "fields" VALUES('zp3frusoff8','notes','box','belongsTo',NULL,6,'{"constraints":true,"foreignKey":"boxId","onDelete":"SET NULL","target":"boxes","targetKey":"id"}');
INSERT INTO "fields" VALUES('c7ndykqu9km','notes','createdById','bigInt','integer',7,'{"autoCreate":true,"index":true,"isForeignKey":true,"reference":{"collection":"users","field":"id","onDelete":"SET NULL"},"uiSchema":{"title":"createdById","x-read-pretty":true}}');
INSERT INTO "fields" VALUES('wesnmht0nei','notes','createdBy','belongsTo','createdBy',8,'{"constraints":true,"foreignKey":"createdById","onDelete":"SET NULL","target":"users","targetKey":"id","uiSchema":{"title":"{{t(\"Created by\")}}","type":"object","x-read-pretty":true}}');
INSERT INTO "fields" VALUES('rjq4jym39vg','boxes','mine','string',NULL,1,'{}');
CREATE TABLE "insula" (
  "key" VARCHAR(100) PRIMARY KEY NOT NULL,
  "value" TEXT
);
INSERT INTO "insula" VALUES('owner','{"application":"main","id":"c12eafd8-623a-4f44-83b8-f01f0acbc704"}');
INSERT INTO "insula" VALUES('secrets','{"dataKey":"YL42QgmhUwSXvlYOdnraDKgO7U13IQpiZaJn/iAa3V1n5kGtkr56tegtEVC7Gi5rAfU6YLgIpDSHOMqM","signingKey":"S50ruPFvxC88x+/DFUkm0iedv7cELreXwatQoz9gKRXUa6444rBG8bpcujr2PSRGewWg1UE9ycansmOC"}');
INSERT INTO "insula" VALUES('fingerprint','{"core":"0.0.9","plugins":{"acl":["0.0.9",0],"api-keys":["0.0.9",0],"auth":["0.0.9",0],"collections":["0.0.9",0],"import-export":["0.0.9",0],"shelf":["1.0.0",0],"swagger":["0.0.9",0],"system-settings":["0.0.9",0],"users":["0.0.9",0]}}');
INSERT INTO "insula" VALUES('tables','{"apiKeys":{"fields":[{"auto_increment":true,"name":"id","primary_key":true,"type":"bigInt"},{"name":"name","required":true,"type":"string"},{"index":true,"name":"userId","reference":["users","id","CASCADE"],"required":true,"type":"bigInt"},{"index":true,"name":"roleName","options":{"length":50},"reference":["roles","name","CASCADE"],"required":true,"type":"string"},{"name":"jti","options":{"length":64},"type":"string","unique":true},{"name":"expiresAt","type":"datetimeTz"},{"name":"createdAt","type":"date"}]},"boxes":{"fields":[{"auto_increment":true,"name":"id","primary_key":true,"type":"bigInt"},{"name":"label","type":"string"},{"name":"weight","type":"integer"}]},"collections":{"fields":[{"name":"name","options":{"length":50},"primary_key":true,"type":"string"},{"name":"title","type":"string"},{"name":"sort","required":true,"type":"integer"},{"name":"options","required":true,"type":"json"}]},"fields":{"fields":[{"name":"key","options":{"length":50},"primary_key":true,"type":"string"},{"name":"collectionName","options":{"length":50},"required":true,"type":"string"},{"name":"name","options":{"length":50},"required":true,"type":"string"},{"name":"type","options":{"length":50},"required":true,"type":"string"},{"name":"interface","type":"string"},{"name":"sort","required":true,"type":"integer"},{"name":"options","required":true,"type":"json"}],"indexes":[{"fields":["collectionName","name"],"unique":true}]},"insula":{"fields":[{"name":"key","options":{"length":100},"primary_key":true,"type":"string"},{"name":"value","type":"json"}]},"jobs":{"fields":[{"auto_increment":true,"name":"id","primary_key":true,"type":"bigInt"},{"name":"kind","options":{"length":100},"required":true,"type":"string"},{"name":"title","options":{"length":500},"type":"string"},{"index":true,"name":"status","options":{"length":20},"type":"string"},{"name":"progress","type":"double"},{"name":"input","type":"json"},{"name":"steps","type":"json"},{"name":"error","type":"text"},{"index":true,"name":"createdById","type":"bigInt"},{"name":"createdAt","type":"datetimeTz"},{"name":"startedAt","type":"datetimeTz"},{"name":"finishedAt","type":"datetimeTz"}]},"migrations":{"fields":[{"auto_increment":true,"name":"id","primary_key":true,"type":"bigInt"},{"name":"plugin","options":{"length":100},"required":true,"type":"string"},{"name":"number","required":true,"type":"integer"},{"name":"name","options":{"length":200},"type":"string"},{"name":"appliedAt","type":"datetimeTz"}],"indexes":[{"fields":["plugin","number"],"unique":true}]},"plugins":{"fields":[{"name":"name","options":{"length":100},"primary_key":true,"type":"string"},{"default":false,"name":"enabled","required":true,"type":"boolean"},{"default":false,"name":"installed","required":true,"type":"boolean"},{"name":"version","options":{"length":50},"type":"string"},{"name":"settings","type":"json"}]},"roles":{"fields":[{"name":"name","options":{"length":50},"primary_key":true,"type":"string"},{"name":"title","type":"string"},{"name":"description","options":{"length":1000},"type":"string"},{"name":"strategy","type":"json"},{"name":"snippets","type":"json"},{"default":false,"name":"default","type":"boolean"},{"default":false,"name":"hidden","type":"boolean"},{"default":false,"name":"allowConfigure","type":"boolean"},{"name":"createdAt","type":"date"},{"name":"updatedAt","type":"date"}]},"rolesResources":{"fields":[{"auto_increment":true,"name":"id","primary_key":true,"type":"bigInt"},{"index":true,"name":"roleName","options":{"length":50},"reference":["roles","name","CASCADE"],"required":true,"type":"string"},{"name":"name","required":true,"type":"string"},{"default":false,"name":"usingActionsConfig","type":"boolean"},{"name":"actions","type":"json"}],"indexes":[{"fields":["roleName","name"],"unique":true}]},"rolesResourcesScopes":{"fields":[{"auto_increment":true,"name":"id","primary_key":true,"type":"bigInt"},{"name":"key","type":"uid","unique":true},{"name":"name","required":true,"type":"string"},{"name":"resourceName","type":"string"},{"name":"scope","type":"json"},{"name":"createdAt","type":"date"},{"name":"updatedAt","type":"date"}]},"rolesUsers":{"fields":[{"index":true,"name":"userId","reference":["users","id","CASCADE"],"required":true,"type":"bigInt"},{"index":true,"name":"roleName","options":{"length":50},"reference":["roles","name","CASCADE"],"required":true,"type":"string"},{"default":false,"name":"default","type":"boolean"}],"indexes":[{"fields":["userId","roleName"],"unique":true}]},"sequences":{"fields":[{"name":"fieldKey","options":{"length":50},"required":true,"type":"string"},{"name":"key","options":{"length":50},"required":true,"type":"string"},{"name":"period","required":true,"type":"string"},{"name":"next","required":true,"type":"bigInt"}],"indexes":[{"fields":["fieldKey","key","period"],"unique":true}]},"sessions":{"fields":[{"name":"id","options":{"length":64},"primary_key":true,"type":"string"},{"index":true,"name":"userId","reference":["users","id","CASCADE"],"required":true,"type":"bigInt"},{"name":"generation","type":"integer"},{"name":"signInTime","type":"datetimeTz"},{"name":"issuedAt","type":"datetimeTz"},{"index":true,"name":"expiresAt","type":"datetimeTz"}]},"systemSettings":{"fields":[{"name":"id","primary_key":true,"type":"bigInt"},{"name":"title","type":"string"},{"name":"logo","type":"string"},{"name":"enabledLanguages","type":"json"},{"name":"appLang","type":"string"},{"name":"options","type":"json"}]},"users":{"fields":[{"auto_increment":true,"name":"id","primary_key":true,"type":"bigInt"},{"name":"nickname","type":"string"},{"name":"username","type":"string","unique":true},{"name":"email","type":"string","unique":true},{"name":"phone","options":{"length":50},"type":"string"},{"name":"password","type":"password"},{"name":"sub","type":"uuid","unique":true},{"default":false,"name":"blocked","type":"boolean"},{"name":"appLang","options":{"length":20},"type":"string"},{"name":"systemSettings","type":"json"},{"name":"createdAt","type":"date"},{"name":"updatedAt","type":"date"}]}}');
CREATE TABLE "jobs" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "kind" VARCHAR(100) NOT NULL,
  "title" VARCHAR(500),
  "status" VARCHAR(20),
  "progress" DOUBLE,
  "input" TEXT,
  "steps" TEXT,
  "error" TEXT,
  "createdById" BIGINT,
  "createdAt" TEXT,
  "startedAt" TEXT,
  "finishedAt" TEXT
);
CREATE TABLE "migrations" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "plugin" VARCHAR(100) NOT NULL,
  "number" INTEGER NOT NULL,
  "name" VARCHAR(200),
  "appliedAt" TEXT
);
CREATE TABLE "notes" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "text" VARCHAR(255),
  "createdAt" TEXT,
  "updatedAt" TEXT,
  "boxId" BIGINT CONSTRAINT "fk_notes_boxId_1bace0a70c" REFERENCES "boxes" ("id") ON DELETE SET NULL,
  "createdById" BIGINT CONSTRAINT "fk_notes_createdById_7796fd6126" REFERENCES "users" ("id") ON DELETE SET NULL
);
INSERT INTO "notes" VALUES(1,'from the old days','2026-11-21T08:22:21.835Z','2026-11-21T08:22:21.835Z',2,1);
CREATE TABLE "plugins" (
  "name" VARCHAR(100) PRIMARY KEY NOT NULL,
  "enabled" BOOLEAN NOT NULL,
  "installed" BOOLEAN NOT NULL,
  "version" VARCHAR(50),
  "settings" TEXT
);
INSERT INTO "plugins" VALUES('collections',1,1,'0.0.9','{}');
INSERT INTO "plugins" VALUES('import-export',1,1,'0.0.9','{}');
INSERT INTO "plugins" VALUES('shelf',1,1,'1.0.0','{}');
INSERT INTO "plugins" VALUES('swagger',1,1,'0.0.9','{}');
INSERT INTO "plugins" VALUES('system-settings',1,1,'0.0.9','{}');
INSERT INTO "plugins" VALUES('users',1,1,'0.0.9','{}');
INSERT INTO "plugins" VALUES('acl',1,1,'0.0.9','{}');
INSERT INTO "plugins" VALUES('api-keys',1,1,'0.0.9','{}');
INSERT INTO "plugins" VALUES('auth',1,1,'0.0.9','{}');
CREATE TABLE "roles" (
  "name" VARCHAR(50) PRIMARY KEY NOT NULL,
  "title" VARCHAR(255),
  "description" VARCHAR(1000),
  "strategy" TEXT,
  "snippets" TEXT,
  "default" BOOLEAN,
  "hidden" BOOLEAN,
  "allowConfigure" BOOLEAN,
  "createdAt" TEXT,
  "updatedAt" TEXT
);
INSERT INTO "roles" VALUES('root','Root',NULL,'{"actions":["create","view","update","destroy","export","import"]}','["pm","pm.*","ui.*","app"]',0,1,1,'2026-11-21T08:22:21.098Z','2026-11-21T08:22:21.098Z');
INSERT INTO "roles" VALUES('admin','Admin',NULL,'{"actions":["create","view","update","destroy","export","import"]}','["pm","pm.*","ui.*","app"]',0,0,1,'2026-11-21T08:22:21.102Z','2026-11-21T08:22:21.102Z');
INSERT INTO "roles" VALUES('member','Member',NULL,'{"actions":["view","create","update:own","destroy:own"]}','[]',1,0,0,'2026-11-21T08:22:21.102Z','2026-11-21T08:22:21.102Z');
INSERT INTO "roles" VALUES('anonymous','Anonymous',NULL,'{"actions":[]}','[]',0,0,0,'2026-11-21T08:22:21.102Z','2026-11-21T08:22:21.102Z');
CREATE TABLE "rolesResources" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "roleName" VARCHAR(50) NOT NULL CONSTRAINT "fk_rolesResources_roleName_164c1f1943" REFERENCES "roles" ("name") ON DELETE CASCADE,
  "name" VARCHAR(255) NOT NULL,
  "usingActionsConfig" BOOLEAN,
  "actions" TEXT
);
CREATE TABLE "rolesResourcesScopes" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "key" VARCHAR(255),
  "name" VARCHAR(255) NOT NULL,
  "resourceName" VARCHAR(255),
  "scope" TEXT,
  "createdAt" TEXT,
  "updatedAt" TEXT
);
INSERT INTO "rolesResourcesScopes" VALUES(1,'all','All records',NULL,NULL,'2026-11-21T08:22:21.102Z','2026-11-21T08:22:21.102Z');
INSERT INTO "rolesResourcesScopes" VALUES(2,'own','Own records',NULL,NULL,'2026-11-21T08:22:21.104Z','2026-11-21T08:22:21.104Z');
CREATE TABLE "rolesUsers" (
  "userId" BIGINT NOT NULL CONSTRAINT "fk_rolesUsers_userId_af9a32bf3e" REFERENCES "users" ("id") ON DELETE CASCADE,
  "roleName" VARCHAR(50) NOT NULL CONSTRAINT "fk_rolesUsers_roleName_d620b4eeb0" REFERENCES "roles" ("name") ON DELETE CASCADE,
  "default" BOOLEAN
);
INSERT INTO "rolesUsers" VALUES(1,'root',1);
CREATE TABLE "sequences" (
  "fieldKey" VARCHAR(50) NOT NULL,
  "key" VARCHAR(50) NOT NULL,
  "period" VARCHAR(255) NOT NULL,
  "next" BIGINT NOT NULL
);
CREATE TABLE "sessions" (
  "id" VARCHAR(64) PRIMARY KEY NOT NULL,
  "userId" BIGINT NOT NULL CONSTRAINT "fk_sessions_userId_70bfe021d6" REFERENCES "users" ("id") ON DELETE CASCADE,
  "generation" INTEGER,
  "signInTime" TEXT,
  "issuedAt" TEXT,
  "expiresAt" TEXT
);
INSERT INTO "sessions" VALUES('ztlpbypknku39fh21crigqzz',1,0,'2026-11-21T08:22:21.630Z','2026-11-21T08:22:21.630Z','2026-11-22T08:22:21.630Z');
CREATE TABLE "systemSettings" (
  "id" BIGINT PRIMARY KEY NOT NULL,
  "title" VARCHAR(255),
  "logo" VARCHAR(255),
  "enabledLanguages" TEXT,
  "appLang" VARCHAR(255),
  "options" TEXT
);
INSERT INTO "systemSettings" VALUES(1,'Main',NULL,'["en-US"]','en-US',NULL);
CREATE TABLE "users" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "nickname" VARCHAR(255),
  "username" VARCHAR(255),
  "email" VARCHAR(255),
  "phone" VARCHAR(50),
  "password" VARCHAR(255),
  "sub" TEXT,
  "blocked" BOOLEAN,
  "appLang" VARCHAR(20),
  "systemSettings" TEXT,
  "createdAt" TEXT,
  "updatedAt" TEXT
);
INSERT INTO "users" VALUES(1,'Root','root','root@example.com',NULL,'$argon2id$v=19$m=19456,t=2,p=1$7xcLmXN2jWdVi9Vf+WwNkg$iDFXyUVSrTWfC7bfgSUGmsKQfHFT45xPMYGirEI4c0w','d449dc53-278e-4b3e-b9d1-9bcd1365639f',0,NULL,NULL,'2026-11-21T08:22:21.235Z','2026-11-21T08:22:21.235Z');
CREATE UNIQUE INDEX "uq_migrations_plugin_number_19c38b97c8" ON "migrations" ("plugin", "number");
CREATE INDEX "ix_jobs_status_f29e6167fa" ON "jobs" ("status");
CREATE INDEX "ix_jobs_createdById_44bb3325e7" ON "jobs" ("createdById");
CREATE UNIQUE INDEX "uq_fields_collectionName_name_4d2a5f361e" ON "fields" ("collectionName", "name");
CREATE UNIQUE INDEX "uq_sequences_fieldKey_key_period_9813c79d8b" ON "sequences" ("fieldKey", "key", "period");
CREATE UNIQUE INDEX "uq_users_username_ee5874a908" ON "users" ("username");
CREATE UNIQUE INDEX "uq_users_email_5741353f08" ON "users" ("email");
CREATE UNIQUE INDEX "uq_users_sub_f2fc998603" ON "users" ("sub");
CREATE INDEX "ix_rolesUsers_userId_af9a32bf3e" ON "rolesUsers" ("userId");
CREATE INDEX "ix_rolesUsers_roleName_d620b4eeb0" ON "rolesUsers" ("roleName");
CREATE UNIQUE INDEX "uq_rolesUsers_userId_roleName_37516cccb5" ON "rolesUsers" ("userId", "roleName");
CREATE INDEX "ix_rolesResources_roleName_164c1f1943" ON "rolesResources" ("roleName");
CREATE UNIQUE INDEX "uq_rolesResources_roleName_name_cb017165cb" ON "rolesResources" ("roleName", "name");
CREATE UNIQUE INDEX "uq_rolesResourcesScopes_key_db2e5fe390" ON "rolesResourcesScopes" ("key");
CREATE INDEX "ix_apiKeys_userId_ac0e5316ed" ON "apiKeys" ("userId");
CREATE INDEX "ix_apiKeys_roleName_ee4a9e2bb8" ON "apiKeys" ("roleName");
CREATE UNIQUE INDEX "uq_apiKeys_jti_f8f23946f7" ON "apiKeys" ("jti");
CREATE INDEX "ix_sessions_userId_70bfe021d6" ON "sessions" ("userId");
CREATE INDEX "ix_sessions_expiresAt_c088e090d4" ON "sessions" ("expiresAt");
CREATE INDEX "ix_notes_boxId_1bace0a70c" ON "notes" ("boxId");
CREATE INDEX "ix_notes_createdById_7796fd6126" ON "notes" ("createdById");
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('rolesResourcesScopes',2);
INSERT INTO "sqlite_sequence" VALUES('users',1);
INSERT INTO "sqlite_sequence" VALUES('boxes',3);
INSERT INTO "sqlite_sequence" VALUES('notes',1);
COMMIT;
