import { InboxOutlined } from "@ant-design/icons";
import { Typography, Upload } from "antd";
import { useTranslation } from "react-i18next";

export function ImportFile({ onFile }: { onFile: (file: File) => void }) {
  const { t } = useTranslation();
  return (
    <Upload.Dragger
      height={240}
      accept=".csv,.tsv,.txt,text/csv"
      showUploadList={false}
      beforeUpload={(file) => {
        onFile(file);
        return false;
      }}
    >
      <InboxOutlined style={{ fontSize: 32, color: "var(--ant-color-primary)" }} aria-hidden />
      <Typography.Paragraph strong style={{ margin: "8px 0 4px" }}>
        {t("transfer.drop")}
      </Typography.Paragraph>
      <Typography.Text type="secondary">{t("transfer.dropHint")}</Typography.Text>
    </Upload.Dragger>
  );
}
