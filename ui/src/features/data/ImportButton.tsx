/** Bring the rows of a CSV file in: choose it, see what would become of it, and watch the job that does it. */
import { UploadOutlined } from "@ant-design/icons";
import { Button, Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { collectionTitle, type Collection } from "@/api/metadata";
import { useCollectionRights } from "@/components/collectionRights";
import { TRANSFER, useWorks } from "@/components/plugins";
import { ImportFile } from "@/features/data/ImportFile";
import { ImportPlan } from "@/features/data/ImportPlan";
import { ImportResult } from "@/features/data/ImportResult";

type Step = { name: "file" } | { name: "plan"; file: File } | { name: "result"; file: File; job: number };

export function ImportButton({ collection }: { collection: Collection }) {
  const { t } = useTranslation();
  const rights = useCollectionRights(collection);
  const works = useWorks(TRANSFER);
  const [open, setOpen] = useState(false);
  const [step, setStep] = useState<Step>({ name: "file" });
  if (!works || !rights.may("import")) return null;
  const restart = () => setStep({ name: "file" });
  return (
    <>
      <Button icon={<UploadOutlined />} onClick={() => setOpen(true)}>
        {t("transfer.import")}
      </Button>
      <Drawer
        open={open}
        onClose={() => setOpen(false)}
        afterOpenChange={(shown) => !shown && restart()}
        title={t("transfer.importTitle", { name: collectionTitle(collection) })}
        size="min(760px, 100vw)"
        destroyOnHidden
      >
        {step.name === "file" && <ImportFile onFile={(file) => setStep({ name: "plan", file })} />}
        {step.name === "plan" && (
          <ImportPlan
            collection={collection}
            file={step.file}
            onBack={restart}
            onStarted={(job) => setStep({ name: "result", file: step.file, job })}
          />
        )}
        {step.name === "result" && (
          <ImportResult
            collection={collection}
            file={step.file.name}
            job={step.job}
            onAnother={restart}
            onClose={() => setOpen(false)}
          />
        )}
      </Drawer>
    </>
  );
}
