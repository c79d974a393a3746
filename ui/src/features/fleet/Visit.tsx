/** The way into an application, in a new tab; where several environments run it, the person chooses which. */
import { ExportOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import type { Application } from "@/api/fleet";
import { environments as places } from "@/api/queries/environments";
import { possible } from "@/components/status";
import { visitUrl } from "@/lib/visit";

interface Props {
  application: Pick<
    Application,
    "name" | "url" | "cname" | "environments" | "status" | "wanted" | "jobId" | "displayName"
  >;
  type?: "text" | "default" | "primary";
  size?: "small" | "middle";
}

const SAFELY = "noopener noreferrer";

export function Visit({ application, type = "default", size = "middle" }: Props) {
  const { t } = useTranslation();
  const { url, cname, environments } = application;
  const { data: known } = useQuery({ ...places.list(), enabled: environments.length > 1 });
  const own = cname !== null;
  const common = {
    type,
    size,
    icon: <ExportOutlined />,
    "aria-label": t("fleet.visitOne", { name: application.displayName ?? application.name }),
    disabled: !possible(application).visit,
  };
  if (environments.length < 2 || common.disabled) {
    return (
      <Button {...common} href={visitUrl(url, own)} target="_blank" rel={SAFELY}>
        {t("fleet.visit")}
      </Button>
    );
  }
  const items = environments.map((environment) => {
    const state = known?.find(({ name }) => name === environment)?.state;
    const reached = state !== "offline";
    return {
      key: environment,
      disabled: !reached,
      label: reached ? (
        <a href={visitUrl(url, own, environment)} target="_blank" rel={SAFELY}>
          {environment}
        </a>
      ) : (
        t("fleet.inState", { name: environment, state: t("fleet.state.offline") })
      ),
    };
  });
  return (
    <Dropdown menu={{ items }} trigger={["click"]}>
      <Button {...common}>{t("fleet.visit")}</Button>
    </Dropdown>
  );
}
