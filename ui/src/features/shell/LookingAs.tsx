/** Says that somebody looks through a role that is not their own, and leads back; or that they do not any more. */
import { EyeOutlined } from "@ant-design/icons";
import { Alert, Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { session } from "@/api/queries/session";
import { looking } from "@/features/shell/looking";
import { actAs, chosenRole, endRole } from "@/lib/role";

export function LookingAs() {
  const { t } = useTranslation();
  const { data: user } = useQuery(session.user());
  const { data: rights } = useQuery(session.rights());
  const [chosen, setChosen] = useState(chosenRole);
  const how = user && rights ? looking(user.roles, rights.role, chosen) : "own";
  useEffect(() => {
    if (how === "ended") endRole();
  }, [how]);
  if (how === "own") return null;
  if (how === "ended") {
    return (
      <Alert
        banner
        type="warning"
        role="status"
        title={t("shell.lookingEnded", { role: chosen })}
        closable={{ onClose: () => setChosen(null), "aria-label": t("common.close") }}
      />
    );
  }
  return (
    <Alert
      banner
      type="info"
      icon={<EyeOutlined />}
      title={t("shell.lookingAs", { role: rights?.role })}
      action={
        <Button size="small" onClick={() => actAs(null)}>
          {t("shell.lookingBack")}
        </Button>
      }
    />
  );
}
