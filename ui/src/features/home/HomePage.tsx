import { ApplicationHome } from "@/features/home/ApplicationHome";
import { Launcher } from "@/features/home/Launcher";
import { boot } from "@/lib/boot";

export default function HomePage() {
  return boot.main ? <Launcher /> : <ApplicationHome />;
}
