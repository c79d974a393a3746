import access from "./access.json";
import account from "./account.json";
import appForm from "./appForm.json";
import application from "./application.json";
import auth from "./auth.json";
import common from "./common.json";
import data from "./data.json";
import designer from "./designer.json";
import errors from "./errors.json";
import fleet from "./fleet.json";
import home from "./home.json";
import jobs from "./jobs.json";
import keys from "./keys.json";
import menu from "./menu.json";
import palette from "./palette.json";
import plugins from "./plugins.json";
import record from "./record.json";
import schema from "./schema.json";
import shell from "./shell.json";
import switcher from "./switcher.json";
import system from "./system.json";
import transfer from "./transfer.json";

export default {
  access,
  account,
  appForm,
  application,
  auth,
  common,
  data,
  designer,
  errors,
  fleet,
  home,
  jobs,
  keys,
  menu,
  palette,
  plugins,
  record,
  schema,
  shell,
  switcher,
  system,
  transfer,
};
