/** Says that somebody looks through a role that is not their own, and leads back. */
import { EyeOutlined } from "@ant-design/icons";
import { Alert, Button } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { session } from "@/api/queries/session";
import { actAs } from "@/lib/role";

export function LookingAs() {
  const { t } = useTranslation();
  const { data: user } = useQuery(session.user());
  const { data: rights } = useQuery(session.rights());
  if (!user || !rights || user.roles.some(({ name }) => name === rights.role)) return null;
  return (
    <Alert
      banner
      type="info"
      icon={<EyeOutlined />}
      title={t("shell.lookingAs", { role: rights.role })}
      action={
        <Button size="small" onClick={() => actAs(null)}>
          {t("shell.lookingBack")}
        </Button>
      }
    />
  );
}
